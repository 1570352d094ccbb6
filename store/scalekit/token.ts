/** The access token of our own client of an environment (RFC 6749 section 4.4), kept until shortly before it ends. */

import { exchange } from "./exchange.ts";
import { noAnswer, notSignedIn } from "./refusals.ts";
import type { ApiLimits, ScalekitEnvironment } from "./settings.ts";
import { countIn } from "./values.ts";

export interface TokenSource {
  /**
   * The token in force.
   *
   * @throws {AppError} `unavailable` where there is none to be had.
   */
  get(): Promise<string>;
  /** Forgets this token, and no newer one: the API does not take it any more. */
  drop(token: string): void;
}

export interface TokenSourceOptions {
  readonly limits: ApiLimits;
  readonly now: () => Date;
  /** Ends requests that are under way. */
  readonly closed: AbortSignal;
}

/** How long before its end a token is not used any more: the API's clock and the way there. */
const MARGIN_MS = 60_000;
/** What a token without `expires_in` is good for (RFC 6749 section 5.1 only recommends the member). */
const UNSAID_SECONDS = 300;
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

export function createTokenSource(
  { baseUrl, clientId, clientSecret }: ScalekitEnvironment,
  { limits, now, closed }: TokenSourceOptions,
): TokenSource {
  let held: { readonly token: string; readonly until: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    const asked = now().getTime();
    const answer = await exchange({
      url: new URL("/oauth/token", baseUrl),
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: clientId,
        client_secret: clientSecret,
      }).toString(),
      signal: AbortSignal.any([closed, AbortSignal.timeout(limits.requestTimeout)]),
      maxBytes: 64 * 1024,
    }).catch((error) => {
      throw noAnswer(error);
    });
    const { status, body } = answer;
    if (status >= 500 || status === 429) throw noAnswer(new Error(`/oauth/token: ${status}`));
    const token = body["access_token"];
    if (status !== 200 || typeof token !== "string" || !TOKEN.test(token)) {
      throw notSignedIn(new Error(`/oauth/token: ${status}`));
    }
    const seconds = countIn(body, "expires_in") ?? UNSAID_SECONDS;
    held = { token, until: asked + seconds * 1000 - MARGIN_MS };
    return token;
  }

  return {
    get() {
      if (held && now().getTime() < held.until) return Promise.resolve(held.token);
      asking ??= ask().finally(() => asking = undefined);
      return asking;
    },
    drop(token) {
      if (held?.token === token) held = undefined;
    },
  };
}
