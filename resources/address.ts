/** The addresses of resources: fixed ones, and templates of which each variable is one whole part between slashes. */

/** One address, read once. */
export interface Address {
  readonly variables: readonly string[];
  /** The variables' values in a URI of exactly this form; undefined for every other URI. */
  match(uri: string): Readonly<Record<string, string>> | undefined;
  /** The URI with these values; undefined where one is missing. */
  expand(values: Readonly<Record<string, string>>): string | undefined;
}

/** Ours alone: what a fetch or a browser would follow is no resource of this server. */
const FORM = /^(environment|organization|workspace|docs):\/\/[^/]+(\/[^/]+)*$/;
const PART = /^(\{[a-z][A-Za-z]*\}|[a-z][a-z-]*)$/;
const MAX_LENGTH = 256;

/**
 * Reads an address such as `organization://{environmentId}/{organizationId}`; undefined for what is none.
 *
 * A URI is compared as it stands: nothing is decoded, resolved or folded, so that no two spellings name one resource.
 */
export function readAddress(text: string): Address | undefined {
  if (!FORM.test(text)) return undefined;
  const start = text.indexOf("://") + 3;
  const scheme = text.slice(0, start);
  const parts = text.slice(start).split("/");
  if (!parts.every((part) => PART.test(part))) return undefined;
  const variables = parts.filter((part) => part.startsWith("{")).map((part) => part.slice(1, -1));
  if (new Set(variables).size < variables.length) return undefined;
  const pattern = new RegExp(
    `^${scheme}${
      parts.map((part) => part.startsWith("{") ? "([A-Za-z0-9_-]{1,64})" : part).join("/")
    }$`,
  );
  return {
    variables,
    match(uri) {
      const found = uri.length > MAX_LENGTH ? null : pattern.exec(uri);
      if (found === null) return undefined;
      return Object.fromEntries(variables.map((name, index) => [name, found[index + 1]!]));
    },
    expand(values) {
      if (!variables.every((name) => values[name] !== undefined)) return undefined;
      const filled = parts.map((part) => part.startsWith("{") ? values[part.slice(1, -1)] : part);
      return scheme + filled.join("/");
    },
  };
}

/** Whether some URI could be meant by both. */
export function overlap(one: string, other: string): boolean {
  const [ours, theirs] = [one.split("/"), other.split("/")];
  const isVariable = (part: string) => part.startsWith("{");
  return ours.length === theirs.length &&
    ours.every((part, index) =>
      part === theirs[index] || isVariable(part) || isVariable(theirs[index]!)
    );
}
