/** The page at `/` for a person who opens the server's URL in a browser. */

import { createHash } from "node:crypto";
import { WELL_KNOWN_PATH } from "../../auth/metadata.ts";
import type { ScopePolicy } from "../../auth/scopes.ts";
import { html, toText, trusted } from "../../html.ts";
import type { Html } from "../../html.ts";
import type { Tool } from "../../tools/registry.ts";
import { LEGACY_REVISIONS, MODERN_REVISION } from "../message.ts";
import { codeBlock, copyButton } from "./code_block.ts";
import { connectionGuides, tokenGuide } from "./connect.ts";
import type { ConnectionGuide } from "./connect.ts";
import { refusalSection } from "./refusals.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { scopeSection, toolSection } from "./tool_list.ts";

/** What the page tells about; equal inputs make equal pages, so a caller may keep the result. */
export interface HomeInput {
  readonly name: string;
  readonly version: string;
  /** The URL of the MCP endpoint. */
  readonly resource: string;
  readonly origin: string;
  readonly issuers: readonly string[];
  /** Whether the authorization server is this program's own. */
  readonly embedded: boolean;
  readonly tools: readonly Tool[];
  readonly policy: ScopePolicy;
}

/** CSP Level 3: nothing is loaded, and of inline style and script only these two run; `data:` is the tab's icon. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src '${sha256(STYLE)}'`,
  `script-src '${sha256(SCRIPT)}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

const MARK =
  '<path d="M4 21V11a8 8 0 0 1 16 0v10M2 21h20M9.3 3.6V21M14.7 3.6V21M4 10.5h16M4 15.7h16"/>';
const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0f7a68" stroke-width="2">' +
    `${MARK}</svg>`,
);

/** Returns the complete document and its headers. */
export function renderHome(
  input: HomeInput,
): { body: string; headers: Record<string, string> } {
  return { body: toText(document(input)).trimStart(), headers: { ...HEADERS } };
}

function document(input: HomeInput): Html {
  const { name, version, tools, policy } = input;
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${name} · MCP server</title>
        <link rel="icon" href="${ICON}">
        <style>${trusted(STYLE)}</style>
      </head>
      <body>
        <header class="top">
          <p class="brand">${mark()} MCP server <span class="quiet">${version}</span></p>
          <nav aria-label="Sections">
            <a href="#connect">Connect</a> <a href="#tools">Tools</a>
            <a href="#scopes">Scopes</a> <a href="#refusals">Refusals</a>
          </nav>
        </header>
        <main>
          ${introduction(input)} ${connectSection(input)} ${toolSection(tools, policy)}
          ${scopeSection(tools, policy)} ${refusalSection(input)}
        </main>
        <footer>
          <p>${name} ${version}. This page loads nothing from elsewhere, sets no cookie, and needs
            no script to be read.</p>
        </footer>
        <p id="copy-status" class="unseen" role="status"></p>
        <script>${trusted(SCRIPT)}</script>
      </body>
    </html>
  `;
}

function introduction({ name, resource, issuers, embedded, tools }: HomeInput): Html {
  const metadata = WELL_KNOWN_PATH + new URL(resource).pathname;
  const offer = `${tools.length} tool${tools.length === 1 ? "" : "s"}`;
  const revisions = [MODERN_REVISION, ...LEGACY_REVISIONS.toReversed()].map((revision, index) =>
    html`${index > 0 && ", "}<span class="whole">${revision}</span>`
  );
  const servers = issuers.map((issuer) =>
    html`
      <code>${issuer}</code>
    `
  );
  return html`
    <div class="intro">
      <h1>${name}</h1>
      <p class="lead">An MCP server that offers ${offer} to agents. Every call carries an access
        token, and every tool says which scopes that token needs.</p>
      <dl class="facts">
        <dt>Endpoint</dt>
        <dd><code id="endpoint">${resource}</code> ${copyButton("endpoint", "the endpoint")}</dd>
        <dt>Transport</dt>
        <dd>Streamable HTTP <span class="quiet">in the revisions ${revisions}</span></dd>
        <dt>Authorization</dt>
        <dd>${servers}${embedded && html`<span class="quiet">built into this server</span>`}</dd>
        <dt>Discovery</dt>
        <dd><a href="${metadata}"><code>${metadata}</code></a></dd>
      </dl>
    </div>
  `;
}

function connectSection({ resource, issuers, embedded }: HomeInput): Html {
  const connectable = { resource, issuer: issuers[0]! };
  const guides = connectionGuides(connectable);
  const people = guides.filter((guide) => guide.audience === "person");
  const programs = [
    tokenGuide(connectable, embedded),
    ...guides.filter((guide) => guide.audience === "program"),
  ];
  return html`
    <section id="connect" aria-labelledby="connect-title">
      <div class="margin">
        <h2 id="connect-title">Connect</h2>
        <p>Paste one of these. The client finds the authorization server by itself.</p>
        <nav class="index" aria-label="Clients">
          <ul>${[...people, ...programs].map(guideLink)}</ul>
        </nav>
      </div>
      <div class="content">
        <h3>For a person</h3>
        <p class="explain">The client opens a browser to sign in. One that can step up asks for
          more scopes when a tool needs them.</p>
        ${people.map(guideEntry)}
        <h3>For a program</h3>
        <p class="explain">No browser: the program has credentials of its own and acts for
          itself.</p>
        ${programs.map(guideEntry)}
      </div>
    </section>
  `;
}

function guideLink({ id, client }: ConnectionGuide): Html {
  return html`<li><a href="#${id}">${client}</a></li>`;
}

function guideEntry({ id, client, note, place, code }: ConnectionGuide): Html {
  return html`
    <article class="guide" id="${id}">
      <div>
        <h4>${client}</h4>
        <p>${note}</p>
      </div>
      ${codeBlock({ id: `${id}-code`, label: `settings for ${client}`, place, code })}
    </article>
  `;
}

function mark(): Html {
  return html`
    <svg class="mark" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"
      stroke-width="1.75" aria-hidden="true">${trusted(MARK)}</svg>
  `;
}

function sha256(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
