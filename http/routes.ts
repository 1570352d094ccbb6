/** Every path that answers, with who may ask. A path that is not here does not exist. */

import { AppError } from "../errors.ts";
import { WELL_KNOWN_PATH } from "../auth/metadata.ts";
import type { ProtectedResource } from "../auth/metadata.ts";
import type { OriginPolicy } from "./cors.ts";

/** One path. A `token` route has no `serve`: what follows for it is the rest of the pipeline. */
export type Route =
  & { readonly path: string; readonly origins: OriginPolicy }
  & (
    | {
      readonly access: "public";
      /** Answers GET and HEAD, for the resource under the name that was asked. */
      serve(resource: ProtectedResource): Promise<PublicDocument> | PublicDocument;
    }
    | { readonly access: "token" }
  );

/** What a public route answers with. */
export interface PublicDocument {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RouteOptions {
  /** The page for a person. */
  home(resource: ProtectedResource): PublicDocument;
  /** The embedded authorization server's metadata, for clients of 2025-03-26 that look for it here. */
  authorizationServerMetadata?: () => Promise<Record<string, unknown>>;
  /** Whether this instance wants no more work; a proxy that asks `/healthz` then passes it over. */
  stopping?: () => boolean;
}

export const MCP_PATH = "/mcp";
export const PUBLIC_METHODS = "GET, HEAD, OPTIONS";

/** Builds the route table. */
export function createRoutes(options: RouteOptions): ReadonlyMap<string, Route> {
  const resourceMetadata = (resource: ProtectedResource) => metadataDocument(resource.metadata);
  const { authorizationServerMetadata } = options;
  const routes: Route[] = [
    { path: MCP_PATH, access: "token", origins: "allowed" },
    { path: "/", access: "public", origins: "allowed", serve: options.home },
    {
      path: "/healthz",
      access: "public",
      origins: "allowed",
      serve() {
        if (options.stopping?.()) throw stopping();
        return {
          body: '{"status":"ok"}',
          headers: { "content-type": "application/json", "cache-control": "no-store" },
        };
      },
    },
    { path: WELL_KNOWN_PATH, access: "public", origins: "any", serve: resourceMetadata },
    { path: WELL_KNOWN_PATH + MCP_PATH, access: "public", origins: "any", serve: resourceMetadata },
  ];
  if (authorizationServerMetadata) {
    routes.push({
      path: "/.well-known/oauth-authorization-server",
      access: "public",
      origins: "any",
      serve: async () => metadataDocument(JSON.stringify(await authorizationServerMetadata())),
    });
  }
  return new Map(routes.map((route) => [route.path, route]));
}

function stopping(): AppError {
  return new AppError("unavailable", "The server is stopping; ask another instance", {
    reason: "stopping",
    retryAfterSeconds: 1,
  });
}

/** A request target after its authority: the path, and a query that is not empty. */
const TARGET = /^[^/]*\/\/[^/?#\\]*([^?#]*)(\?[^#]+)?$/;

/** The path of a request, in the very bytes that were sent. */
export function pathOf(request: Request): string {
  return TARGET.exec(request.url)?.[1] ?? "";
}

/**
 * Returns the route of a path.
 *
 * @throws {AppError} `not_found`.
 */
export function matchRoute(routes: ReadonlyMap<string, Route>, request: Request): Route {
  // As it was sent: an URL parser removes dot segments, and what decides in front of us may not have.
  const route = routes.get(pathOf(request));
  if (route === undefined) throw new AppError("not_found", "There is nothing at this path");
  return route;
}

function metadataDocument(body: string): PublicDocument {
  return {
    body,
    headers: { "content-type": "application/json", "cache-control": "public, max-age=3600" },
  };
}
