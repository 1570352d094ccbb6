/** Names of strangers, cut down to a closed set before they become a label or the name of a span (H234). */

/** The methods that this server knows the meaning of, served or not. */
const METHODS: ReadonlySet<string> = new Set([
  "completion/complete",
  "initialize",
  "logging/setLevel",
  "notifications/cancelled",
  "notifications/initialized",
  "notifications/progress",
  "notifications/roots/list_changed",
  "ping",
  "prompts/get",
  "prompts/list",
  "resources/list",
  "resources/read",
  "resources/templates/list",
  "server/discover",
  "subscriptions/listen",
  "tools/call",
  "tools/list",
]);

/** The method, `other` for one that is not in the set, or `none` where there was no message. */
export function methodLabel(method: string | undefined): string {
  if (method === undefined) return "none";
  return METHODS.has(method) ? method : "other";
}

const HTTP_METHODS: ReadonlySet<string> = new Set([
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
]);

/** The method of HTTP, or `other`. */
export function httpMethodLabel(method: string): string {
  return HTTP_METHODS.has(method) ? method : "other";
}
