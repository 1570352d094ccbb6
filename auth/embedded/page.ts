/** The frame of every page that a person sees here, the error page, and the headers that all pages carry. */

import { createHash } from "node:crypto";
import { html, toText, trusted } from "../../html.ts";
import type { Html } from "../../html.ts";

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1d21;--soft:#5a6068;--line:#d9dce1;--paper:#fff;--ground:#f4f5f7;
--go:#1b5fd0;--warn:#7a4b00;--warn-ground:#fff4dc}
@media (prefers-color-scheme:dark){:root{--ink:#eceef1;--soft:#a3a9b2;--line:#3a3f47;--paper:#1d2025;
--ground:#131519;--go:#7fb0ff;--warn:#ffd28a;--warn-ground:#38290f}}
*{box-sizing:border-box}
body{margin:0;padding:2rem 1rem;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:34rem;margin:0 auto;padding:1.75rem;background:var(--paper);border:1px solid var(--line);
border-radius:12px}
h1{margin:0 0 1rem;font-size:1.3rem;line-height:1.3;overflow-wrap:anywhere}
h2{margin:1.5rem 0 .25rem;font-size:1rem}
p{margin:.5rem 0;overflow-wrap:anywhere}
ul{margin:.5rem 0;padding-left:1.2rem}
li{margin:.25rem 0}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
.soft{color:var(--soft)}
.warning{padding:.6rem .8rem;border-radius:8px;background:var(--warn-ground);color:var(--warn)}
label{display:block;margin:.9rem 0 .25rem}
input{width:100%;padding:.55rem .7rem;border:1px solid var(--line);border-radius:8px;background:var(--paper);
color:var(--ink);font:inherit}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
button{padding:.6rem 1.4rem;border:1px solid var(--go);border-radius:8px;background:var(--paper);color:var(--go);
font:inherit;font-weight:600;cursor:pointer}
button[value=approve],button[value=sign-in]{background:var(--go);color:var(--paper)}
:focus-visible{outline:3px solid var(--go);outline-offset:2px}
`;

/**
 * What a page may load and who may frame it.
 *
 * There is no form-action: browsers apply it to the redirects after a form as well, and those lead to the client.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  // Empty allows nothing; the library adds the hash of the one script of its form_post response (OAuth 2.0 Form Post).
  "script-src",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The headers of every page and of every redirect to one. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": CONTENT_SECURITY_POLICY,
  // With no-referrer a browser would send `Origin: null` with our own forms.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** One document without script and without anything from elsewhere. */
export function page(title: string, body: Html): string {
  return toText(html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${title} - Gatehouse</title>
        <style>${trusted(STYLE)}</style>
      </head>
      <body>
        <main>
    <h1>${title}</h1>
    ${body}
        </main>
      </body>
    </html>
  `);
}

/** What a person is told for an OAuth error code; any other code gets the last sentence. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  invalid_client:
    "The application is not registered here. Remove its saved registration (mcp-remote keeps it in ~/.mcp-auth) and connect again.",
  invalid_redirect_uri:
    "The application asked to be called back at an address that it is not registered with, so nothing was sent to it.",
  invalid_client_metadata: "The application describes itself in a way that is not accepted here.",
  session_not_found:
    "This request is no longer open: it was answered already, or it took longer than 10 minutes. Start again in the application.",
  rate_limited: "Too many requests. Wait a minute and start again in the application.",
  temporarily_unavailable: "This cannot be done now. Try again in a minute.",
  server_error: "Something went wrong here. The operator finds the reason in the log.",
};

/** The page for a request that cannot be answered at the client. */
export function errorPage(code: string): string {
  const explanation = EXPLANATIONS[code] ??
    "The application sent a request that cannot be answered. Start again in the application.";
  return page(
    "This did not work",
    html`
      <p>${explanation}</p>
      <p class="soft">Error code: <code>${code}</code></p>
    `,
  );
}
