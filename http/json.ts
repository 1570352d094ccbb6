/** Reads JSON more strictly than JSON.parse: bounded in depth and keys, no repeated or dangerous names, no lone surrogates. */

/** What is wrong with a text, for the caller; `syntax` means that it is no JSON at all. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  readonly kind: "syntax" | "shape";

  constructor(kind: "syntax" | "shape", message: string) {
    super(message);
    this.kind = kind;
  }
}

const MAX_DEPTH = 64;
const MAX_MEMBERS = 10_000;
const MAX_NUMBER_LENGTH = 64;
/** Names that reach a prototype when parsed values are copied; Bun still has the `__proto__` accessor. */
const DANGEROUS = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Returns the value of a JSON text (RFC 8259) in which each object has each name once, as RFC 7493 asks.
 *
 * @throws {JsonError}
 */
export function parseStrictJson(text: string): unknown {
  checkBounds(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JsonError("syntax", "The body is not valid JSON");
  }
  checkStructure(text);
  return value;
}

/** Comes before JSON.parse, which has no bounds: a body of brackets keeps it busy for most of a second. */
function checkBounds(text: string): void {
  let depth = 0;
  let members = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x7B: // {
      case 0x5B: // [
        depth += 1;
        break;
      case 0x7D: // }
      case 0x5D: // ]
        depth -= 1;
        break;
      case 0x2C: // ,
        members += 1;
        break;
      case 0x22: // "
        at = endOfString(text, at);
    }
    if (depth > MAX_DEPTH) {
      throw new JsonError("shape", `The body is nested deeper than ${MAX_DEPTH} levels`);
    }
    if (members > MAX_MEMBERS) {
      throw new JsonError("shape", `The body has more than ${MAX_MEMBERS} members`);
    }
  }
}

/** Walks a text that is known to be valid JSON; JSON.parse keeps the last of two equal names and does not tell. */
function checkStructure(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x7B: // {
        open.push(new Set());
        isName = true;
        break;
      case 0x5B: // [
        open.push(undefined);
        isName = false;
        break;
      case 0x7D: // }
      case 0x5D: // ]
        open.pop();
        isName = false;
        break;
      case 0x2C: // ,
        isName = open.at(-1) !== undefined;
        break;
      case 0x3A: // :
        isName = false;
        break;
      case 0x22: { // "
        const end = endOfString(text, at);
        const raw = text.slice(at, end + 1);
        const content = raw.includes("\\") ? JSON.parse(raw) as string : raw.slice(1, -1);
        if (!content.isWellFormed()) {
          throw new JsonError("syntax", "The body has a string with a lone surrogate");
        }
        if (isName) checkName(content, open.at(-1)!);
        at = end;
        break;
      }
      case 0x20:
      case 0x09:
      case 0x0A:
      case 0x0D:
        break;
      default:
        at = endOfLiteral(text, at) - 1;
    }
  }
}

function checkName(name: string, names: Set<string>): void {
  if (DANGEROUS.has(name)) throw new JsonError("shape", "The body has a name that is not allowed");
  if (names.has(name)) {
    throw new JsonError("shape", "The body has the same name twice in one object");
  }
  names.add(name);
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== 0x22) {
    at += text.charCodeAt(at) === 0x5C ? 2 : 1;
  }
  return at;
}

function endOfLiteral(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && !",]} \t\n\r".includes(text.charAt(at))) at += 1;
  if (at - start > MAX_NUMBER_LENGTH) {
    throw new JsonError("shape", `The body has a number of more than ${MAX_NUMBER_LENGTH} digits`);
  }
  return at;
}
