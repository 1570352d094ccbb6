/** Where a call of a tool leads: a path below the configured base URL, and nowhere else (H186). */

import { upstreamFailure } from "./failures.ts";

const MAX_LENGTH = 8192;
/** What URL parsers remove or turn around: white space, control characters, backslashes; and fragments, which are never sent. */
// deno-lint-ignore no-control-regex -- those are what is meant
const FOREIGN = /[\u0000-\u0020\u007f-\u009f\\#]/;
/** Also with the parameters that some servers cut off before they resolve a path. */
const DOT_SEGMENT = /^\.{1,2}(;.*)?$/;
/** Servers and their proxies decode more than once. */
const MAX_DECODINGS = 3;

/**
 * Resolves what a handler asks for: a path, which goes below the base whether it begins with a slash or not, or a whole URL.
 *
 * @throws {AppError} `invalid_input` for everything that leaves the base, or that a server might read so.
 */
export function targetOf(name: string, base: URL, pathOrUrl: string): URL {
  const refused = () => upstreamFailure(name, "upstream_path");
  if (typeof pathOrUrl !== "string" || pathOrUrl.length > MAX_LENGTH || FOREIGN.test(pathOrUrl)) {
    throw refused();
  }
  const [path = ""] = pathOrUrl.split("?", 1);
  if (hasDots(path)) throw refused();
  const root = base.pathname.replace(/\/$/, "");
  const isWhole = /^[a-z][a-z0-9+.-]*:/i.test(pathOrUrl);
  if (!isWhole && path.startsWith("//")) throw refused();
  const text = isWhole ? pathOrUrl : `${base.origin}${root}/${pathOrUrl.replace(/^\//, "")}`;
  if (!URL.canParse(text)) throw refused();
  const url = new URL(text);
  const isInside = url.pathname === root || url.pathname.startsWith(`${root}/`);
  if (url.origin !== base.origin || url.username !== "" || url.password !== "" || !isInside) {
    throw refused();
  }
  return url;
}

/** Whether a path has dot segments, in any spelling that a server could decode; one that cannot be decoded has them. */
function hasDots(path: string): boolean {
  let text = path;
  for (let decoded = 0; decoded <= MAX_DECODINGS; decoded += 1) {
    if (text.split(/[/\\]/).some((segment) => DOT_SEGMENT.test(segment))) return true;
    if (!text.includes("%")) return false;
    try {
      text = decodeURIComponent(text);
    } catch {
      return decoded === 0;
    }
  }
  return false;
}
