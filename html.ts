/** A template tag that escapes everything it is given: the only way this project writes HTML. */

const MARKUP = Symbol("markup");

/** Text that is safe to put into an HTML document. */
export interface Html {
  readonly [MARKUP]: string;
}

type Part = Html | string | number | undefined | false | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Builds markup; values are escaped unless they are markup themselves, lists are joined, `undefined` and `false` vanish. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0] ?? "";
  for (const [index, part] of parts.entries()) text += render(part) + (strings[index + 1] ?? "");
  return { [MARKUP]: text };
}

/** Marks text as markup; for constants of this project only, never for anything that came from outside. */
export function trusted(markup: string): Html {
  return { [MARKUP]: markup };
}

export function toText(markup: Html): string {
  return markup[MARKUP];
}

function render(part: Part): string {
  if (part === undefined || part === false) return "";
  if (typeof part === "string" || typeof part === "number") {
    return String(part).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
  }
  if (Array.isArray(part)) return part.map(render).join("");
  return (part as Html)[MARKUP];
}
