/** Finds an issuer's endpoints through its metadata (RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4). */

import { fetchJson, isSecureUrl } from "./fetch_json.ts";

/** Reads a JSON document; throws where it cannot be had. */
export type ReadDocument = (request: { url: string }) => Promise<Record<string, unknown>>;

/**
 * Returns the URL of one endpoint of an issuer.
 *
 * @throws {Error} where neither document can be had, names another issuer, or has no secure URL for it.
 */
export async function discoverEndpoint(
  issuer: string,
  member: "jwks_uri" | "introspection_endpoint" | "token_endpoint",
  read: ReadDocument = fetchJson,
): Promise<string> {
  const failures: string[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      const metadata = await read({ url });
      // RFC 8414 section 3.3: otherwise one issuer could hand out the keys of another.
      if (metadata["issuer"] !== issuer) throw new Error(`${url} names another issuer`);
      const endpoint = metadata[member];
      if (typeof endpoint !== "string" || !isSecureUrl(endpoint)) {
        throw new Error(`${url} has no https ${member}`);
      }
      return endpoint;
    } catch (error) {
      failures.push(String(error));
    }
  }
  throw new Error(`No metadata of ${issuer}: ${failures.join("; ")}`);
}

/** RFC 8414 puts the well-known part between host and path, OpenID Connect behind it; some put RFC 8414's there too. */
function metadataUrls(issuer: string): readonly string[] {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, "");
  return [
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
    `${url.origin}${path}/.well-known/openid-configuration`,
    ...(path === "" ? [] : [`${url.origin}${path}/.well-known/oauth-authorization-server`]),
  ];
}
