/** A block of code with the place it belongs to and a copy button. */

import { html } from "../../html.ts";
import type { Html } from "../../html.ts";

/** `label` completes the sentence "Copy ..." for people who cannot see what the button stands next to. */
export interface CodeBlock {
  readonly id: string;
  readonly label: string;
  readonly place: string;
  readonly code: string;
  /** Whether long lines break instead of scrolling. */
  readonly wraps?: boolean;
}

export function codeBlock({ id, label, place, code, wraps = false }: CodeBlock): Html {
  // A block that scrolls has to be reachable by keyboard, hence the tabindex.
  return html`
    <figure class="code">
      <figcaption><span>${place}</span>${copyButton(id, label)}</figcaption>
      <pre class="${wraps ? "wraps" : "scrolls"}" tabindex="0" role="group"
        aria-label="${label}"><code id="${id}">${code}</code></pre>
    </figure>
  `;
}

/** Hidden until the script has given it something to do. */
export function copyButton(source: string, label: string): Html {
  return html`
    <button type="button" class="copy" data-copies="${source}"
      hidden><span>Copy</span><span class="unseen"> ${label}</span></button>
  `;
}
