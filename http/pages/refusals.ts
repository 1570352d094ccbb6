/** How this server says no, as the page at `/` explains it. */

import { bearerChallenge } from "../../auth/challenge.ts";
import { WELL_KNOWN_PATH } from "../../auth/metadata.ts";
import type { ScopePolicy } from "../../auth/scopes.ts";
import { html } from "../../html.ts";
import type { Html } from "../../html.ts";
import { insufficientScope } from "../../tools/execute.ts";
import type { Tool } from "../../tools/registry.ts";
import { codeBlock } from "./code_block.ts";
import { jsonText } from "./json_text.ts";

/** What an example needs to name real things. */
export interface RefusalInput {
  readonly resource: string;
  readonly tools: readonly Tool[];
  readonly policy: ScopePolicy;
}

/** Explains the kinds of refusal and shows the one that a client can do something about. */
export function refusalSection(input: RefusalInput): Html {
  const code = exampleOf(input);
  const example = code && codeBlock({
    id: "refusal-code",
    label: "example of a refusal",
    place: "A token without the scope",
    code,
    wraps: true,
  });
  return html`
    <section id="refusals" aria-labelledby="refusals-title">
      <div class="margin">
        <h2 id="refusals-title">Refusals</h2>
        <p>Each one says what to do next: in headers for the client, in JSON for the model.</p>
      </div>
      <div class="content">
        <dl class="answers">
          <dt>401</dt>
          <dd>No access token, or one that is not valid here. The header leads to the
            authorization server.</dd>
          <dt>403</dt>
          <dd>The token is valid but lacks a scope. The header names all that the tool needs.</dd>
          <dt>429</dt>
          <dd>Too many calls. <code>limit</code> says which limit it was, <code>Retry-After</code> when to try
            again, in seconds.</dd>
          <dt>200</dt>
          <dd>The call was let through and the tool itself refused or failed: <code>isError</code>
            is true, and <code>error</code> in the result says why.</dd>
        </dl>
        ${example}
      </div>
    </section>
  `;
}

/** Built from the real parts of a 403, so that it cannot say anything else than the server does. */
function exampleOf({ resource, tools, policy }: RefusalInput): string | undefined {
  const lacking = (tool: Tool) => policy.missing(policy.baseline, tool.scopes);
  const tool = tools.find((tool) => lacking(tool).length > 0) ??
    tools.find((tool) => tool.scopes.length > 0);
  if (tool === undefined) return undefined;
  const missing = lacking(tool).length > 0 ? lacking(tool) : tool.scopes;
  const error = insufficientScope(tool, missing);
  const { origin, pathname } = new URL(resource);
  const resourceMetadata = origin + WELL_KNOWN_PATH + pathname;
  const challenge = bearerChallenge({
    resourceMetadata,
    error: "insufficient_scope",
    description: error.message,
    scopes: tool.scopes,
  });
  const body = {
    error: error.code,
    error_description: error.message,
    scope: tool.scopes.join(" "),
    ...error.details,
    resource_metadata: resourceMetadata,
    request_id: "3f0c5a52-7b1e-4c57-9d0a-2f6f0d1c9b84",
  };
  return `HTTP/1.1 403 Forbidden\nContent-Type: application/json\nWWW-Authenticate: ${challenge}\n\n` +
    jsonText(body);
}
