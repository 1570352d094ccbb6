/** The tools and the scopes, as the page at `/` shows them. */

import type { ScopePolicy } from "../../auth/scopes.ts";
import { html } from "../../html.ts";
import type { Html } from "../../html.ts";
import { jsonText } from "./json_text.ts";
import type { Tool } from "../../tools/registry.ts";
import type { JsonSchema } from "../../tools/schema_rules.ts";

/** Shows every tool, after an index of them. */
export function toolSection(tools: readonly Tool[], policy: ScopePolicy): Html {
  return html`
    <section id="tools" aria-labelledby="tools-title">
      <div class="margin">
        <h2 id="tools-title">Tools</h2>
        <p>A call whose token lacks a scope is refused before it reaches the tool.</p>
        <nav class="index" aria-label="Tools">
          <ul>${tools.map(({ name }) =>
            html`<li><a href="#tool-${name}"><code>${name}</code></a></li>`
          )}</ul>
        </nav>
      </div>
      <div class="content">${tools.map((tool) => toolEntry(tool, policy))}</div>
    </section>
  `;
}

function toolEntry(tool: Tool, policy: ScopePolicy): Html {
  const { name, title, effect, description } = tool;
  return html`<article class="tool" id="tool-${name}" aria-labelledby="tool-${name}-name">
    <header>
      <h3 id="tool-${name}-name"><code>${name}</code></h3>
      <span class="effect ${effect}">${effect}</span>
      <p class="title">${title}</p>
    </header>
    <p class="description">${description}</p>
    <ul class="needs" aria-label="Scopes needed">${needs(tool, policy)}</ul>
    ${schemaDetails("Input", name, tool.inputSchema)}
    ${schemaDetails("Output", name, tool.outputSchema)}
  </article>`;
}

function needs(tool: Tool, policy: ScopePolicy): readonly Html[] {
  if (tool.scopes.length === 0) return [html`<li>Any verified caller, whatever its scopes</li>`];
  return tool.scopes.map((scope) =>
    html`<li>${scopeChip(scope)} <span>${policy.definitions.get(scope)?.description}</span></li>`
  );
}

function schemaDetails(label: string, toolName: string, schema: JsonSchema): Html {
  const id = `${toolName}-${label.toLowerCase()}`;
  return html`
    <details>
      <summary>${label} schema <span class="quiet">${memberNames(schema)}</span></summary>
      <pre class="scrolls" tabindex="0" role="group"
        aria-label="${label} schema of ${toolName}"><code id="${id}">${jsonText(
          schema,
        )}</code></pre>
    </details>
  `;
}

/** A question mark follows what may be left out. */
function memberNames(schema: JsonSchema): string {
  const required = new Set((schema["required"] ?? []) as readonly string[]);
  const names = Object.keys((schema["properties"] ?? {}) as Record<string, unknown>);
  if (names.length === 0) return "empty object";
  return names.map((name) => (required.has(name) ? name : `${name}?`)).join(", ");
}

/** Shows the whole vocabulary: what each scope lets a token do, and what it includes. */
export function scopeSection(tools: readonly Tool[], policy: ScopePolicy): Html {
  return html`
    <section id="scopes" aria-labelledby="scopes-title">
      <div class="margin">
        <h2 id="scopes-title">Scopes</h2>
        <p>What a token may carry. Clients ask for some of them first and step up for the rest.</p>
      </div>
      <div class="content">
        <table>
          <thead>
            <tr>
              <th scope="col">Scope</th>
              <th scope="col">Lets a token</th>
              <th scope="col">Includes</th>
              <th scope="col" class="number">Tools</th>
            </tr>
          </thead>
          <tbody>${[...policy.definitions.keys()].map((name) =>
            scopeRow(name, tools, policy)
          )}</tbody>
        </table>
      </div>
    </section>
  `;
}

function scopeRow(name: string, tools: readonly Tool[], policy: ScopePolicy): Html {
  const { description, baseline } = policy.definitions.get(name)!;
  const included = policy.expand([name]).filter((scope) => scope !== name);
  return html`
    <tr id="scope-${name}">
      <th scope="row"><code>${name}</code></th>
      <td>${description} ${baseline && html`<span class="first">asked for first</span>`}</td>
      <td>${included.map((scope) =>
        html`
          <code>${scope}</code>
        `
      )}</td>
      <td class="number">${tools.filter((tool) => tool.scopes.includes(name)).length}</td>
    </tr>
  `;
}

function scopeChip(scope: string): Html {
  return html`<a class="chip" href="#scope-${encodeURIComponent(scope)}"><code>${scope}</code></a>`;
}
