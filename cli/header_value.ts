/** Writes a text of the body as a header value (MCP 2026-07-28, Streamable HTTP, value encoding). */

const PLAIN = /^[\x21-\x7E]([\t\x20-\x7E]*[\x21-\x7E])?$/;
const ENCODED = /^=\?base64\?.*\?=$/;

/** A header carries visible ASCII only; anything else, and what looks encoded already, goes in the encoded form. */
export function headerValue(text: string): string {
  if (PLAIN.test(text) && !ENCODED.test(text)) return text;
  // Byte by byte: a long text spread into arguments would not fit on the stack.
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return `=?base64?${btoa(binary)}?=`;
}
