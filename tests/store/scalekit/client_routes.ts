/** The routes of MCP servers ("resources") and of an environment's clients, as documented. */

import { randomBytes } from "node:crypto";
import { z } from "zod";
import {
  type Called,
  newestFirst,
  notFound,
  page,
  pages,
  type Route,
  taken,
  timestamp,
} from "./routes.ts";
import type { Client, Resource } from "./state.ts";

const int64 = z.string().regex(/^\d+$/);
const fields = {
  name: z.string().min(1).max(128),
  description: z.string().max(512).optional(),
  resource_id: z.string().max(512).optional(),
  access_token_expiry: int64.optional(),
  disable_dynamic_client_registration: z.boolean().optional(),
  provider: z.string().min(1).max(512).optional(),
  scopes: z.array(z.string().regex(/^[a-zA-Z0-9:]{1,64}$/)).optional(),
  enable_cimd: z.boolean().optional(),
};

function show({ fields, ...resource }: Resource) {
  const scopes = (fields["scopes"] as string[] | undefined) ?? [];
  return {
    ...resource,
    ...fields,
    resource_type: "MCP_SERVER",
    scopes: scopes.map((name) => ({ id: `scp_${name}`, name, description: "", enabled: true })),
  };
}

function resourceOf({ state, params }: Called): Resource {
  const found = state.resources.get(params["id"]!);
  if (found === undefined) throw notFound();
  return found;
}

function requireFree({ state, body }: Called, own?: string): void {
  for (const { id, fields } of state.resources.values()) {
    if (id !== own && fields["resource_id"] === body.resource_id) throw taken();
  }
}

export const resourceRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/resources",
    query: pages(0, 30, { resource_type: z.literal("MCP_SERVER") }),
    handle: ({ state, query }) =>
      page("resources", newestFirst(state.resources.values()), query, show),
  },
  {
    method: "POST",
    path: "/resources",
    body: z.strictObject({ ...fields, resource_type: z.literal("MCP_SERVER") }),
    handle(called) {
      requireFree(called);
      const { resource_type: _, ...given } = called.body;
      const time = timestamp();
      const id = called.state.newId("res");
      const resource = { id, fields: given, create_time: time, update_time: time };
      called.state.resources.set(id, resource);
      return { resource: show(resource) };
    },
  },
  {
    method: "GET",
    path: "/resources/{id}",
    handle: (called) => ({ resource: show(resourceOf(called)) }),
  },
  {
    method: "PATCH",
    path: "/resources/{id}",
    body: z.strictObject(fields).partial(),
    handle(called) {
      const resource = resourceOf(called);
      if (called.body.resource_id !== undefined) requireFree(called, resource.id);
      Object.assign(resource.fields, called.body);
      resource.update_time = timestamp();
      return { resource: show(resource) };
    },
  },
  {
    method: "PUT",
    path: "/resources/{id}/provider:delete",
    handle(called) {
      const resource = resourceOf(called);
      delete resource.fields["provider"];
      return { resource: show(resource) };
    },
  },
  {
    method: "DELETE",
    path: "/resources/{id}",
    handle(called) {
      called.state.resources.delete(resourceOf(called).id);
      return {};
    },
  },
];

function clientOf({ state, params }: Called): Client {
  const found = state.clients.get(params["id"]!);
  if (found === undefined) throw notFound();
  return found;
}

function showClient({ secrets, ...client }: Client) {
  return {
    ...client,
    name: "",
    scopes: [],
    secrets: secrets.map((secret) => ({ ...secret, status: "ACTIVE" })),
  };
}

export const clientRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/clients",
    query: pages(0, 30),
    handle: ({ state, query }) =>
      page("clients", newestFirst(state.clients.values()), query, showClient),
  },
  {
    method: "PATCH",
    path: "/clients/{id}",
    body: z.strictObject({
      initiate_login_uri: z.string(),
      post_login_uris: z.array(z.string()).max(100),
      post_logout_redirect_uris: z.array(z.string()).max(100),
    }).partial(),
    handle(called) {
      const client = clientOf(called);
      Object.assign(client, called.body, { update_time: timestamp() });
      return { client: showClient(client) };
    },
  },
  {
    method: "POST",
    path: "/clients/{id}/secrets",
    handle(called) {
      const client = clientOf(called);
      const plain_secret = randomBytes(32).toString("base64url");
      const secret = {
        id: called.state.newId("sks"),
        create_time: new Date(Date.now() + client.secrets.length).toISOString(),
        secret_suffix: plain_secret.slice(-4),
      };
      client.secrets.push(secret);
      return { plain_secret, secret: { ...secret, status: "ACTIVE" } };
    },
  },
  {
    method: "DELETE",
    path: "/clients/{id}/secrets/{secret}",
    handle(called) {
      const client = clientOf(called);
      const left = client.secrets.filter(({ id }) => id !== called.params["secret"]);
      if (left.length === client.secrets.length) throw notFound();
      client.secrets = left;
      return {};
    },
  },
];
