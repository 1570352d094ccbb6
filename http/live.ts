/** The requests under way, so that each can be ended as soon as its caller's access is. */

import { invalidToken } from "../auth/claims.ts";
import type { Principal } from "../auth/principal.ts";
import type { Bearer } from "../auth/revocation.ts";

export interface LiveRequests {
  /** Takes a request in. Throws `invalid_token` where its caller was revoked since the token was verified. */
  enter(principal: Principal): LiveRequest;
  /** Ends every request for which there is a reason. */
  endWhere(reasonFor: (bearer: Bearer) => string | undefined): void;
  /** Asks every tool that runs to come to an end; its answer is still delivered. */
  windDown(): void;
  /** Says that nobody waits for a tool any more. */
  stop(): void;
  readonly size: number;
}

/** One authenticated request, from its token to the end of its answer. */
export interface LiveRequest {
  /** Aborts when the caller's access ends; its reason is the error that answers the request. */
  readonly signal: AbortSignal;
  /** Aborts with `signal`, and when the server winds down, for a tool that can say how far it came. */
  readonly work: AbortSignal;
  /** Resolves when the server does not wait for its tool any more. */
  readonly stopped: Promise<void>;
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
  const live = new Map<LiveRequest, Opened & { readonly principal: Principal }>();

  return {
    enter(principal) {
      // Between the check of the token and here others had their turn.
      const reason = check(principal);
      if (reason !== undefined) throw invalidToken(reason);
      const opened = open(() => live.delete(opened.request));
      live.set(opened.request, { ...opened, principal });
      return opened.request;
    },
    endWhere(reasonFor) {
      for (const { principal, end } of live.values()) {
        const reason = reasonFor(principal);
        if (reason !== undefined) end(reason);
      }
    },
    windDown() {
      for (const request of live.values()) request.windDown();
    },
    stop() {
      for (const request of live.values()) request.stop();
    },
    get size() {
      return live.size;
    },
  };
}

interface Opened {
  readonly request: LiveRequest;
  end(reason: string): void;
  windDown(): void;
  stop(): void;
}

function open(leave: () => void): Opened {
  const controller = new AbortController();
  const { signal } = controller;
  /** Made when a tool runs. */
  let work: AbortController | undefined;
  let endedBy: string | undefined;
  const stopped = Promise.withResolvers<void>();
  const request: LiveRequest = {
    signal,
    get work() {
      if (work === undefined) {
        work = new AbortController();
        if (signal.aborted) work.abort(signal.reason);
      }
      return work.signal;
    },
    stopped: stopped.promise,
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
      const error = invalidToken(reason);
      controller.abort(error);
      work?.abort(error);
    },
    windDown: () => work?.abort(new Error("The server is stopping")),
    stop: () => stopped.resolve(),
  };
}

/** Lets go of an answer that came too late, so that what feeds it stops. */
function discard(working: Promise<Response>): void {
  working.then((response) => response.body?.cancel()).catch(() => {});
}
