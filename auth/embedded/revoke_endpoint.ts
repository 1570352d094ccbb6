/** The part of the revocation endpoint (RFC 7009) that the library leaves out: access tokens that are signed. */

import type { IssuedTokens } from "./issued_tokens.ts";
import type { LibraryContext, Provider } from "./library.ts";

/** The library's answer to an authenticated client that sends a JWT. */
export const NOT_BY_THE_LIBRARY = "unsupported_token_type";

const RETRY_SECONDS = 5;

/** Answers in the library's place where it has authenticated the client and would not touch its token. */
export function answerSignedTokens(
  provider: Provider,
  tokens: IssuedTokens,
  log: (message: string, properties?: Record<string, unknown>) => void,
): void {
  provider.use(async (ctx, next) => {
    await next();
    const { client, params } = refusedToken(ctx) ?? {};
    const token = params?.["token"];
    if (client === undefined || typeof token !== "string") return;
    try {
      await tokens.revoke(token, client.clientId);
      ctx.status = 200;
      ctx.body = "";
    } catch (error) {
      log("A token could not be revoked", { error: String(error), clientId: client.clientId });
      // Section 2.2.1: the client must take the token for living, and come again.
      ctx.status = 503;
      ctx.set("retry-after", String(RETRY_SECONDS));
      ctx.body = {
        error: "temporarily_unavailable",
        error_description: "The token could not be revoked now; try again later",
      };
    }
  });
}

function refusedToken(ctx: LibraryContext): LibraryContext["oidc"] | undefined {
  const oidc: LibraryContext["oidc"] | undefined = ctx.oidc;
  const { error } = (ctx.body ?? {}) as { error?: string };
  return oidc?.route === "revocation" && error === NOT_BY_THE_LIBRARY ? oidc : undefined;
}
