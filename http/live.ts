/** The requests under way, so that each can be ended as soon as its caller's access is. */

import { invalidToken } from "../auth/claims.ts";
import type { Principal } from "../auth/principal.ts";
import type { Bearer } from "../auth/revocation.ts";

export interface LiveRequests {
  /** Takes a request in. Throws `invalid_token` where its caller was revoked since the token was verified. */
  enter(principal: Principal): LiveRequest;
  /** Ends every request for which there is a reason. */
  endWhere(reasonFor: (bearer: Bearer) => string | undefined): void;
  readonly size: number;
}

/** One authenticated request, from its token to the end of its answer. */
export interface LiveRequest {
  /** Aborts when the caller's access ends; its reason is the error that answers the request. */
  readonly signal: AbortSignal;
  /** Why it was ended, for log and audit. */
  readonly endedBy: string | undefined;
  /** Answers by the work, unless the request is ended first: whoever lost access gets no result any more. */
  answer(work: () => Promise<Response>): Promise<Response>;
  leave(): void;
}

export interface LiveOptions {
  /** Why a principal's access is over; may throw where that cannot be told. */
  readonly check: (bearer: Bearer) => string | undefined;
}

export function createLiveRequests({ check }: LiveOptions): LiveRequests {
  const live = new Map<LiveRequest, { readonly principal: Principal; end(reason: string): void }>();

  return {
    enter(principal) {
      // Between the check of the token and here others had their turn.
      const reason = check(principal);
      if (reason !== undefined) throw invalidToken(reason);
      const { request, end } = open(() => live.delete(request));
      live.set(request, { principal, end });
      return request;
    },
    endWhere(reasonFor) {
      for (const { principal, end } of live.values()) {
        const reason = reasonFor(principal);
        if (reason !== undefined) end(reason);
      }
    },
    get size() {
      return live.size;
    },
  };
}

function open(leave: () => void): { request: LiveRequest; end(reason: string): void } {
  const controller = new AbortController();
  const { signal } = controller;
  let endedBy: string | undefined;
  const request: LiveRequest = {
    signal,
    get endedBy() {
      return endedBy;
    },
    async answer(work) {
      signal.throwIfAborted();
      const ended = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      // Nobody waits for it once the work has won.
      ended.catch(() => {});
      const working = work();
      try {
        const response = await Promise.race([working, ended]);
        signal.throwIfAborted();
        return response;
      } catch (error) {
        if (signal.aborted) discard(working);
        throw error;
      }
    },
    leave,
  };
  return {
    request,
    end(reason) {
      if (signal.aborted) return;
      endedBy = reason;
      controller.abort(invalidToken(reason));
    },
  };
}

/** Lets go of an answer that came too late, so that what feeds it stops. */
function discard(working: Promise<Response>): void {
  working.then((response) => response.body?.cancel()).catch(() => {});
}
