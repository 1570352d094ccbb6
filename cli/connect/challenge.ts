/** Reads the Bearer challenge of a refusal (RFC 6750 section 3, RFC 9728 section 5.1). */

import * as oauth from "oauth4webapi";
import { scopeList } from "../command.ts";

/** What a resource server says a request lacks. */
export interface Challenge {
  readonly error: string | undefined;
  readonly scopes: readonly string[];
  readonly resourceMetadata: string | undefined;
}

/** Returns the challenge of an answer; an empty one where there is none that can be read. */
export async function challengeOf(response: Response): Promise<Challenge> {
  const challenges = await parse(response.headers.get("www-authenticate"));
  const parameters = challenges.find(({ scheme }) => scheme === "bearer")?.parameters;
  return {
    error: parameters?.error,
    scopes: scopeList(parameters?.scope ?? ""),
    resourceMetadata: parameters?.["resource_metadata"],
  };
}

/** The library's parser has no other door than a request of its own; this one is answered at once. */
async function parse(header: string | null): Promise<readonly oauth.WWWAuthenticateChallenge[]> {
  if (header === null) return [];
  const answered = new Response(null, { status: 401, headers: { "www-authenticate": header } });
  try {
    const url = new URL("https://resource.invalid/");
    await oauth.protectedResourceRequest("none", "GET", url, undefined, null, {
      [oauth.customFetch]: () => Promise.resolve(answered),
    });
  } catch (error) {
    if (error instanceof oauth.WWWAuthenticateChallengeError) return error.cause;
  }
  return [];
}
