/** The URIs that browsers may be sent to, as input schemas: what is taken, and why the rest is refused. */

import { z } from "zod";

const MAX_CHARACTERS = 1024;
const SECURE = String.raw`https:\/\/[a-z0-9.:\[\]-]+`;
/** RFC 8252 section 7.3. */
const LOOPBACK = String.raw`http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?`;
/** RFC 8252 sections 7.1 and 8.4: named after a domain, so with a dot, which no scheme of a browser has. */
const PRIVATE_USE = String.raw`[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:`;
/** What RFC 3986 has after the host, without a fragment (RFC 6749 section 3.1.2) and without brackets. */
const PATH = String.raw`[A-Za-z0-9._~:\/?@!$&'()*+,;=%-]*`;

const WEB = new RegExp(`^(${SECURE}|${LOOPBACK})([\\/?]${PATH})?$`);
const WEB_OR_APP = new RegExp(
  `^((${SECURE}|${LOOPBACK})([\\/?]${PATH})?|${PRIVATE_USE}\\/${PATH})$`,
);

const WEB_RULE = "https, or http on localhost, 127.0.0.1 or [::1]";

/** Where a browser comes back to: the web, or an application that owns its scheme. */
export const redirectUri = uri(
  WEB_OR_APP,
  `Must be ${WEB_RULE}, or a scheme of your own with a dot such as com.example.app:/callback; ` +
    "lower-case scheme and host, no user, no #fragment",
).describe("Complete URI, compared letter by letter; without a fragment")
  .meta({ examples: ["https://app.example.com/callback", "com.example.app:/callback"] });

/** Where a sign-in starts at a web application (OpenID Connect Core 1.0 section 4). */
export const initiateLoginUri = uri(
  WEB,
  `Must be ${WEB_RULE}; lower-case scheme and host, no user, no #fragment`,
).describe("Complete https URI of the page that starts a sign-in; http on loopback only")
  .meta({ examples: ["https://app.example.com/login"] });

/** A URI that is in a list, by whatever rule it got there. */
export const listedUri = z.string()
  .regex(/^[\x21-\x7e]{1,1024}$/, { error: "Must be the uri of list_redirect_uris" })
  .describe("The URI letter by letter, from list_redirect_uris")
  .meta({ examples: ["https://app.example.com/callback"] });

function uri(pattern: RegExp, error: string) {
  return z.string()
    .max(MAX_CHARACTERS)
    .regex(pattern, { error, abort: true })
    .refine(isNormal, {
      error:
        "Must be written as browsers send it: no default port, no . or .. segments, a / before ?",
    });
}

/** An exact comparison is of use only with what a browser would send: `/a/../b` arrives as `/b`, and never matches. */
function isNormal(text: string): boolean {
  const href = URL.parse(text)?.href;
  return href === text || href === `${text}/`;
}
