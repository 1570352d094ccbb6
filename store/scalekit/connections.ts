/** The connections of an environment and of its organizations. */

import { AppError } from "../../errors.ts";
import {
  type Connection,
  type ConnectionWorkspace,
  requireOwner,
  settingsOf,
  unknownConnection,
} from "../workspace/connections.ts";
import { type Api, path } from "./api.ts";
import { settingsBody, toConnection, withDetails } from "./connection_values.ts";
import { type Context, IN_DASHBOARD, notSupported, notThere } from "./context.ts";
import { organizationUnknown } from "./context.ts";
import { findOrganization } from "./organizations.ts";
import { pageOf } from "./page.ts";
import { countIn, idIn, type Json, objectIn, objectsIn } from "./values.ts";

export function connections({ of }: Context): ConnectionWorkspace {
  return {
    async listConnections(environmentId, { organizationId, ...page }) {
      const api = of(environmentId);
      if (organizationId !== undefined) await findOrganization(api, organizationId);
      const found = (await listAll(api, organizationId))
        .filter((one) => organizationId === undefined || one.organizationId === organizationId);
      return pageOf(found, ["connections", environmentId, organizationId], page);
    },

    getConnection: async (environmentId, connectionId) =>
      await details(of(environmentId), await find(of(environmentId), connectionId)),

    async getConnectionUse(environmentId, connectionId) {
      const api = of(environmentId);
      const { organizationId, keyId } = await find(api, connectionId);
      const count = async (path: string | undefined, query: Record<string, string> = {}) => {
        const missing = () => unknownConnection(environmentId, connectionId);
        const call = { method: "GET", path, query: { ...query, page_size: 1 }, missing } as const;
        return countIn(await api.call(call), "total_size") ?? 0;
      };
      return {
        users: await count(
          organizationId === undefined ? "/users" : path`/organizations/${organizationId}/users`,
        ),
        connectedAccounts: await count("/connected_accounts", { connector: keyId }),
      };
    },

    async createConnection(environmentId, input) {
      const api = of(environmentId);
      const { organizationId, provider, providerKey, keyId, type, domains = [], settings } = input;
      requireNoDomains(domains);
      const changes = settingsBody({ type, provider }, settings);
      const body = await api.call({
        method: "POST",
        path: organizationId === undefined
          ? "/connections"
          : path`/organizations/${organizationId}/connections`,
        body: {
          provider,
          type,
          ...(providerKey !== undefined && { provider_key: providerKey }),
          ...(keyId !== undefined && { key_id: keyId }),
        },
        missing: () =>
          organizationId === undefined
            ? notThere()
            : organizationUnknown(environmentId, organizationId),
      });
      const made = await find(api, idIn(objectIn(body, "connection")));
      return changes === undefined ? await details(api, made) : await change(api, made, changes);
    },

    async updateConnection(environmentId, connectionId, { domains, settings }) {
      const api = of(environmentId);
      const before = await find(api, connectionId);
      if (before.enabled) throw isEnabled();
      if (domains !== undefined) requireNoDomains(domains, before.domains);
      const changes = settingsBody(before, settings);
      return changes === undefined
        ? await details(api, before)
        : await change(api, before, changes);
    },

    async setConnectionEnabled(environmentId, connectionId, enabled, organizationId) {
      const api = of(environmentId);
      if (organizationId !== undefined) await findOrganization(api, organizationId);
      const found = await details(api, await find(api, connectionId));
      requireOwner(found, organizationId);
      if (found.enabled === enabled) return found;
      if (enabled && found.status !== "COMPLETED") throw isIncomplete(found);
      const body = await api.call({
        method: "PATCH",
        path: pathOf(found, enabled ? ":enable" : ":disable"),
        missing: () => unknownConnection(environmentId, connectionId),
      });
      // The reply has an error in words of theirs; the connection itself tells whether it worked.
      if ((body["enabled"] ?? false) !== enabled) throw isIncomplete(found);
      return await details(api, found);
    },

    async deleteConnection(environmentId, connectionId) {
      const api = of(environmentId);
      const found = await details(api, await find(api, connectionId));
      await api.call({
        method: "DELETE",
        path: pathOf(found),
        missing: () => unknownConnection(environmentId, connectionId),
      });
      return found;
    },
  };
}

/** Newest first. The list has no pages. */
export async function listAll(api: Api, organizationId?: string): Promise<readonly Connection[]> {
  const body = await api.call({
    method: "GET",
    path: "/connections",
    query: { include: "all", organization_id: organizationId },
    missing: notThere,
  });
  return objectsIn(body, "connections").map((value) => toConnection(value, api.environment.id))
    .sort((a, b) => (b.createTime ?? "") > (a.createTime ?? "") ? 1 : -1);
}

/** The list alone tells whose a connection is, which its address needs. */
async function find(api: Api, connectionId: string): Promise<Connection> {
  const found = (await listAll(api)).find(({ id }) => id === connectionId);
  if (found === undefined) throw unknownConnection(api.environment.id, connectionId);
  return found;
}

async function details(api: Api, listed: Connection): Promise<Connection> {
  const body = await api.call({
    method: "GET",
    path: pathOf(listed),
    missing: () => unknownConnection(api.environment.id, listed.id),
  });
  return withDetails(listed, objectIn(body, "connection"));
}

async function change(api: Api, before: Connection, body: Json): Promise<Connection> {
  await api.call({
    method: "PATCH",
    path: pathOf(before),
    body,
    missing: () => unknownConnection(api.environment.id, before.id),
  });
  return await details(api, before);
}

function pathOf({ id, organizationId }: Connection, action: "" | ":enable" | ":disable" = "") {
  const made = organizationId === undefined
    ? path`/connections/${id}`
    : path`/organizations/${organizationId}/connections/${id}`;
  return made === undefined ? undefined : made + action;
}

/** Their connections get domains from those of an organization, which are verified there. */
function requireNoDomains(wanted: readonly string[], current: readonly string[] = []): void {
  const isSame = wanted.length === current.length && wanted.every((one) => current.includes(one));
  if (isSame) return;
  throw notSupported(
    "a choice of the domains of a connection",
    `leave domains out; ${IN_DASHBOARD}, where the domains of the organization are verified`,
  );
}

function isEnabled(): AppError {
  return new AppError(
    "conflict",
    "The connection is enabled, and people may be using it; disable it before it is changed",
    { reason: "connection_enabled" },
  );
}

function isIncomplete({ type }: Connection): AppError {
  const settings = settingsOf(type);
  const needs = settings.length === 0
    ? `finish it; ${IN_DASHBOARD}`
    : `it needs ${settings.join(" and ")}, and what secrets belong to them; ${IN_DASHBOARD}`;
  return new AppError("conflict", `The connection is not complete: ${needs}`, {
    reason: "connection_incomplete",
  });
}
