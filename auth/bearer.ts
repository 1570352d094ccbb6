/** Reads the one credential of a request, strictly (RFC 6750 section 2, RFC 9110 section 11.4, RFC 9449 section 7.1). */

import { AppError } from "../errors.ts";

/** The credential as presented: nothing about the token has been verified. */
export interface Credential {
  readonly scheme: "Bearer" | "DPoP";
  readonly token: string;
}

/** RFC 6750 section 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=". */
const B64_TOKEN = /^[A-Za-z0-9\-._~+/]+=*/;
const OUR_SCHEME = /^(bearer|dpop)(?![!#$%&'*+\-.^_`|~0-9A-Za-z])/i;
const SECOND_CREDENTIAL = /,[ \t]*(bearer|dpop)[ \t]/i;

/**
 * Returns the credential of the Authorization header, or undefined where the request carries none of ours.
 *
 * @throws {AppError} `invalid_request` for more than one credential, for a token in the query (RFC 6750 section 2.3 is not
 * offered) and for a malformed header; `invalid_token` for a token with characters that no token has.
 */
export function readCredential(request: Request, query: URLSearchParams): Credential | undefined {
  for (const name of query.keys()) {
    if (name.toLowerCase() === "access_token") {
      throw malformed("query_token", "Send the access token in the Authorization header only");
    }
  }
  const header = request.headers.get("authorization");
  if (header === null) return undefined;
  const scheme = OUR_SCHEME.exec(header)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    if (SECOND_CREDENTIAL.test(header)) throw severalCredentials();
    return undefined;
  }

  const separator = header.charAt(scheme.length);
  const rest = header.slice(scheme.length + 1);
  // The runtime trims the value, so a separator without a token after it never arrives.
  if (separator !== " " || rest.startsWith(" ") || rest.startsWith("\t")) {
    throw malformed(
      "authorization_syntax",
      "Send one Authorization header: Bearer, a space, the token",
    );
  }
  const token = B64_TOKEN.exec(rest)?.[0] ?? "";
  const after = rest.charAt(token.length);
  if (token !== "" && (after === " " || after === "\t" || after === ",")) {
    throw severalCredentials();
  }
  if (token === "" || after !== "") {
    throw new AppError("invalid_token", "The access token is invalid or expired", {
      reason: "token_characters",
    });
  }
  return { scheme: scheme === "dpop" ? "DPoP" : "Bearer", token };
}

function malformed(reason: string, message: string): AppError {
  return new AppError("invalid_request", message, { reason });
}

function severalCredentials(): AppError {
  return malformed(
    "several_credentials",
    "Send exactly one credential, in one Authorization header",
  );
}
