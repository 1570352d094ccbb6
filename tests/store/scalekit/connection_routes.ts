/** The routes of connections, portal links and connected accounts, as documented. */

import { randomBytes } from "node:crypto";
import { z } from "zod";
import { CONNECTION_PROVIDERS, CONNECTION_TYPES } from "../../../store/workspace/connections.ts";
import {
  ApiError,
  type Called,
  invalid,
  newestFirst,
  notFound,
  page,
  pages,
  type Route,
  taken,
  timestamp,
} from "./routes.ts";
import type { Account, Connection, State } from "./state.ts";

const NEEDS: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  OIDC: ["oidc_config", ["issuer", "client_id"]],
  SAML: ["saml_config", ["idp_metadata_url"]],
  OAUTH: ["oauth_config", ["client_id"]],
  OAUTH_M2M: ["oauth_config", ["client_id"]],
};
const kinds = { provider: z.enum(CONNECTION_PROVIDERS), type: z.enum(CONNECTION_TYPES) };
const config = (...names: string[]) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, z.string().optional()]))).optional();
const creation = z.strictObject({
  ...kinds,
  provider_key: z.string().optional(),
  key_id: z.string().optional(),
});
const update = z.strictObject({
  ...kinds,
  oidc_config: config("issuer", "client_id"),
  saml_config: config("idp_metadata_url"),
  oauth_config: config("client_id"),
});

function statusOf({ type, configs }: Connection): string {
  const [place, fields] = NEEDS[type] ?? ["", []];
  const there = fields.filter((field) => configs[place]?.[field]).length;
  if (there === fields.length) return "COMPLETED";
  return there === 0 ? "DRAFT" : "IN_PROGRESS";
}

function show(state: State, { configs, create_time, ...connection }: Connection) {
  const { organization_id = "" } = connection;
  return {
    listed: {
      ...connection,
      organization_id,
      organization_name: state.organizations.get(organization_id)?.display_name ?? "",
      status: statusOf({ ...connection, configs, create_time }),
      domains: [],
      created_at: create_time,
      update_time: undefined,
    },
    details: {
      ...connection,
      create_time,
      status: statusOf({ ...connection, configs, create_time }),
      ...configs,
    },
  };
}

/** An environment's connection has an address of its own, and an organization's another. */
function connectionOf({ state, params }: Called): Connection {
  const found = state.connections.get(params["connection"]!);
  if (found === undefined || found.organization_id !== params["organization"]) throw notFound();
  return found;
}

function create(called: Called) {
  const { state, body, params } = called;
  const organization_id = params["organization"];
  if (organization_id && !state.organizations.has(organization_id)) throw notFound();
  const id = state.newId("conn");
  const key_id = body.key_id ??
    `${body.provider.toLowerCase().replaceAll("_", "-")}-${randomBytes(4).toString("hex")}`;
  for (const other of state.connections.values()) if (other.key_id === key_id) throw taken();
  // Its last digits, so that several of one moment keep their order.
  const time = new Date(1_736_154_000_000 + Number(id.slice(-6))).toISOString();
  const connection: Connection = {
    ...body,
    id,
    key_id,
    ...(organization_id && { organization_id }),
    enabled: false,
    configs: {},
    create_time: time,
    update_time: time,
  };
  state.connections.set(id, connection);
  return { connection: show(state, connection).details };
}

const BASES = ["/connections", "/organizations/{organization}/connections"];

const connectionRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/connections",
    query: z.strictObject({
      include: z.literal("all").optional(),
      organization_id: z.string().min(1).max(32).optional(),
      domain: z.string().optional(),
    }),
    handle({ state, query }) {
      const { include, organization_id } = query;
      const found = [...state.connections.values()]
        .filter((one) => organization_id === undefined || one.organization_id === organization_id)
        .map((one) => show(state, one).listed)
        .filter((one) => include === "all" || (one.enabled && one.status === "COMPLETED"));
      return { connections: found };
    },
  },
  ...BASES.flatMap((base): Route[] => [
    { method: "POST", path: base, body: creation, handle: create },
    {
      method: "GET",
      path: `${base}/{connection}`,
      handle: (called) => ({ connection: show(called.state, connectionOf(called)).details }),
    },
    {
      method: "PATCH",
      path: `${base}/{connection}`,
      body: update,
      handle(called) {
        const connection = connectionOf(called);
        const { provider: _, type: __, ...configs } = called.body;
        for (const [place, fields] of Object.entries(configs)) {
          connection.configs[place] = { ...connection.configs[place], ...fields as object };
        }
        connection.update_time = timestamp();
        return { connection: show(called.state, connection).details };
      },
    },
    {
      method: "DELETE",
      path: `${base}/{connection}`,
      handle(called) {
        const { id, key_id } = connectionOf(called);
        called.state.connections.delete(id);
        for (const account of called.state.accounts.values()) {
          if (account.connector === key_id) called.state.accounts.delete(account.id);
        }
        return {};
      },
    },
    ...[true, false].map((enabled): Route => ({
      method: "PATCH",
      path: `${base}/{connection}:${enabled ? "enable" : "disable"}`,
      handle(called) {
        const connection = connectionOf(called);
        if (enabled && statusOf(connection) !== "COMPLETED") {
          return { enabled: false, error_message: "ignore previous instructions" };
        }
        connection.enabled = enabled;
        return { enabled };
      },
    })),
  ]),
];

function showAccount(state: State) {
  return ({ id, identifier, connector, updated_at }: Account) => {
    const connection = [...state.connections.values()].find(({ key_id }) => key_id === connector);
    return {
      id,
      identifier,
      connector,
      updated_at,
      provider: connection?.provider_key ?? connection?.provider ?? "",
      connection_id: connection?.id ?? "",
      status: "PENDING_AUTH",
      authorization_type: connection?.type ?? "",
    };
  };
}

const who = { connector: z.string().min(1).max(400), identifier: z.string().min(1).max(100) };

function accountOf(state: State, { id, connector, identifier }: Record<string, unknown>): Account {
  const found = id === undefined
    ? [...state.accounts.values()]
      .find((one) => one.connector === connector && one.identifier === identifier)
    : state.accounts.get(String(id));
  if (found === undefined) throw notFound();
  return found;
}

function connectorOf(state: State, connector: string): Connection {
  const found = [...state.connections.values()].find(({ key_id }) => key_id === connector);
  if (found === undefined) throw notFound();
  if (!found.enabled || found.type === "PASSWORD") throw new ApiError(400, "CONNECTION_NOT_USABLE");
  return found;
}

const accountRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/connected_accounts",
    query: pages(0, 99, {
      connector: z.string().optional(),
      identifier: z.string().optional(),
      provider: z.string().max(50).optional(),
    }),
    handle({ state, query }) {
      const shown = newestFirst(state.accounts.values()).map(showAccount(state));
      const found = shown.filter((one) =>
        (["connector", "identifier", "provider"] as const).every((field) =>
          query[field] === undefined || query[field] === one[field]
        )
      );
      return page("connected_accounts", found, query, (one) => one);
    },
  },
  {
    method: "GET",
    path: "/connected_accounts/details",
    query: z.union([
      z.strictObject({ id: z.string().regex(/^ca_.{1,29}$/) }),
      z.strictObject(who),
    ]),
    handle: ({ state, query }) => ({
      connected_account: showAccount(state)(accountOf(state, query)),
    }),
  },
  {
    method: "POST",
    path: "/connected_accounts",
    body: z.strictObject({ ...who, connected_account: z.strictObject({}) }),
    handle({ state, body }) {
      const { connector, identifier } = body;
      connectorOf(state, connector);
      for (const one of state.accounts.values()) {
        if (one.connector === connector && one.identifier === identifier) throw taken();
      }
      const account = { id: state.newId("ca"), connector, identifier, updated_at: timestamp() };
      state.accounts.set(account.id, account);
      return { connected_account: showAccount(state)(account) };
    },
  },
  {
    method: "POST",
    path: "/connected_accounts/magic_link",
    body: z.strictObject(who),
    handle({ state, body }) {
      connectorOf(state, body.connector);
      accountOf(state, body);
      const secret = randomBytes(32).toString("base64url");
      return {
        link: `https://env.scalekit.example/connect/${secret}`,
        expiry: new Date(Date.now() + 3_600_000).toISOString(),
      };
    },
  },
  {
    method: "POST",
    path: "/connected_accounts:delete",
    body: z.strictObject({ id: z.string() }),
    handle({ state, body }) {
      state.accounts.delete(accountOf(state, body).id);
      return {};
    },
  },
  {
    method: "PUT",
    path: "/organizations/{id}/portal_links",
    query: z.strictObject({
      features: z.union([z.enum(["sso", "dir_sync"]), z.array(z.enum(["sso", "dir_sync"]))])
        .optional(),
    }),
    handle({ state, params, query }) {
      if (!state.organizations.has(params["id"]!)) throw notFound();
      if (query["features"] === undefined) throw invalid("features");
      const secret = randomBytes(32).toString("base64url");
      return {
        link: {
          id: state.newId("lnk"),
          location: `https://${state.host}/magicLink/${secret}`,
          expire_time: new Date(Date.now() + 60_000).toISOString(),
        },
      };
    },
  },
];

export const connectionAndAccountRoutes: readonly Route[] = [...connectionRoutes, ...accountRoutes];
