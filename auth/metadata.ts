/** The protected resource and its metadata document (RFC 9728). */

/** The resource under one public name. */
export interface ProtectedResource {
  /** The URL that clients use, and the audience of their tokens; byte for byte. */
  readonly resource: string;
  readonly metadataUrl: string;
  /** The metadata document as JSON text. */
  readonly metadata: string;
  /** How bound tokens are taken; absent where no issuer has them. */
  readonly dpop?: DpopOffer;
}

/** What RFC 9449 asks a resource server to say about itself (section 5.1 and RFC 9728 section 2). */
export interface DpopOffer {
  readonly algorithms: readonly string[];
  /** Whether a bearer token is no use here. */
  readonly required: boolean;
}

export interface ResourceOptions {
  /** The public origin: scheme, host and port. */
  readonly origin: string;
  /** The path of the MCP endpoint. */
  readonly path: string;
  readonly name: string;
  readonly authorizationServers: readonly string[];
  /** The baseline scopes; none leaves the member out (RFC 9728 section 3.2). */
  readonly scopes: readonly string[];
  readonly dpop?: DpopOffer | undefined;
}

export const WELL_KNOWN_PATH = "/.well-known/oauth-protected-resource";

/** Describes the resource; the well-known part stands between host and path (RFC 9728 section 3.1). */
export function protectedResource(options: ResourceOptions): ProtectedResource {
  const resource = options.origin + options.path;
  const { dpop } = options;
  return {
    resource,
    metadataUrl: options.origin + WELL_KNOWN_PATH + options.path,
    metadata: JSON.stringify({
      resource,
      authorization_servers: options.authorizationServers,
      ...(options.scopes.length > 0 ? { scopes_supported: options.scopes } : {}),
      bearer_methods_supported: ["header"],
      resource_name: options.name,
      ...(dpop && {
        dpop_signing_alg_values_supported: dpop.algorithms,
        dpop_bound_access_tokens_required: dpop.required,
      }),
    }),
    ...(dpop && { dpop }),
  };
}
