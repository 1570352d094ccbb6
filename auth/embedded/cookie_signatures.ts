/** Signs cookies with HMAC-SHA256, in the form that the library's cookie jar expects of its keys. */

import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";

export interface CookieSignatures {
  sign(text: string): string;
  /** The position of the key that made the signature, or -1. */
  index(text: string, signature: string): number;
  verify(text: string, signature: string): boolean;
}

/** The first key signs, all verify; the jar signs a cookie of a later key anew. */
export function createCookieSignatures(keys: readonly string[]): CookieSignatures {
  const [first = ""] = keys;
  return {
    sign: (text) => signature(first, text),
    index: (text, presented) => keys.findIndex((key) => equal(signature(key, text), presented)),
    verify: (text, presented) => keys.some((key) => equal(signature(key, text), presented)),
  };
}

function signature(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
