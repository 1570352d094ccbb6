/** How a request is sent that must not have its effect twice. */

/**
 * Returns the members of a `fetch()` whose body no runtime sends again by itself when a kept connection breaks off.
 *
 * Deno does that whatever the method, but not with a Blob, which it reads as it sends it; Bun does it with a PUT, but not
 * on a connection that is its own.
 */
export function onceOnly(body = ""): RequestInit {
  return { body: new Blob([body]), keepalive: false };
}
