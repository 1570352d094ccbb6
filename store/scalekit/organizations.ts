/** The organizations of an environment. */

import { AppError } from "../../errors.ts";
import { assertStorable, isStorable } from "../text.ts";
import type { OrganizationLifecycle } from "../workspace/organization_changes.ts";
import type { Feature, Organization, Workspace } from "../workspace.ts";
import { type Api, path } from "./api.ts";
import { type Context, notThere, organizationUnknown } from "./context.ts";
import { readRemotePage, remotePage } from "./page.ts";
import {
  flagIn,
  idIn,
  type Json,
  objectIn,
  objectsIn,
  optionalObjectIn,
  optionalText,
  pairsIn,
  strangeAnswer,
  textIn,
  timeIn,
} from "./values.ts";

export function organizations({ of }: Context): Pick<
  Workspace,
  | "listOrganizations"
  | "getOrganization"
  | "createOrganization"
  | "updateOrganizationSettings"
  | "updateOrganization"
> {
  return {
    async listOrganizations(environmentId, { search, ...page }) {
      const api = of(environmentId);
      if (search !== undefined && !isStorable(search)) return { items: [], totalSize: 0 };
      const query = searchQuery(search);
      return await readRemotePage({
        list: ["organizations", environmentId, search],
        sizes: query === undefined ? { min: 10, max: 100 } : { min: 1, max: 30 },
        read: async (their) =>
          remotePage(
            await api.call({
              method: "GET",
              path: query === undefined ? "/organizations" : "/organizations:search",
              query: { ...their, query },
              missing: notThere,
            }),
            "organizations",
            (value) => toOrganization(value, environmentId),
          ),
      }, page);
    },

    async getOrganization(environmentId, organizationId) {
      const found = await findOrganization(of(environmentId), organizationId);
      return toOrganization(found, environmentId);
    },

    async createOrganization(environmentId, { displayName, externalId, metadata }) {
      const api = of(environmentId);
      assertStorable({ displayName, externalId });
      const body = await api.call({
        method: "POST",
        path: "/organizations",
        body: {
          display_name: displayName,
          ...(externalId !== undefined && { external_id: externalId }),
          ...(metadata !== undefined && { metadata }),
        },
        missing: notThere,
      }).catch(explainConflict(externalId));
      return toOrganization(objectIn(body, "organization"), environmentId);
    },

    async updateOrganization(environmentId, organizationId, changes) {
      const api = of(environmentId);
      const { displayName, externalId, metadata } = changes;
      assertStorable({ displayName, externalId: externalId ?? undefined });
      const body = await api.call({
        method: "PATCH",
        path: path`/organizations/${organizationId}`,
        body: {
          ...(displayName !== undefined && { display_name: displayName }),
          // Their mask names the fields that are there, so an empty one removes.
          ...(externalId !== undefined && { external_id: externalId ?? "" }),
          ...(metadata !== undefined && { metadata }),
        },
        missing: () => organizationUnknown(environmentId, organizationId),
      }).catch(explainConflict(externalId));
      return toOrganization(objectIn(body, "organization"), environmentId);
    },

    async updateOrganizationSettings(environmentId, organizationId, features) {
      const api = of(environmentId);
      const before = await findOrganization(api, organizationId);
      if (features.length === 0) return toOrganization(before, environmentId);
      // What they do with features that are left out is not documented, so none is.
      const all = new Map(featuresOf(before).map(({ name, enabled }) => [name, enabled]));
      for (const { name, enabled } of features) all.set(name, enabled);
      const body = await api.call({
        method: "PATCH",
        path: path`/organizations/${organizationId}/settings`,
        body: { features: [...all].map(([name, enabled]) => ({ name, enabled })) },
        missing: () => organizationUnknown(environmentId, organizationId),
      });
      return toOrganization(objectIn(body, "organization"), environmentId);
    },
  } satisfies Partial<Workspace & OrganizationLifecycle>;
}

/** Reads an organization, or throws `not_found`. */
export async function findOrganization(api: Api, organizationId: string): Promise<Json> {
  const body = await api.call({
    method: "GET",
    path: path`/organizations/${organizationId}`,
    missing: () => organizationUnknown(api.environment.id, organizationId),
  });
  const found = objectIn(body, "organization");
  // An id in another case, or an alias, would be one thing here and another in the record of the call.
  if (idIn(found) !== organizationId) throw strangeAnswer("another organization");
  return found;
}

/**
 * What their search takes; undefined for the whole list.
 *
 * @throws {AppError} `invalid_input` for what is too short or too long for it.
 */
export function searchQuery(search: string | undefined): string | undefined {
  if (search === undefined || search === "") return undefined;
  if (search.length >= 3 && search.length <= 100) return search;
  throw new AppError("invalid_input", "Scalekit searches for 3 to 100 characters; give so many", {
    reason: "search_length",
  });
}

function explainConflict(externalId: string | null | undefined) {
  return (error: unknown): never => {
    if (!(error instanceof AppError) || error.code !== "conflict" || !externalId) throw error;
    throw new AppError(
      "conflict",
      "The externalId belongs to another organization of this environment; choose another one",
      { reason: "external_id_taken", details: { ...error.details, externalId } },
    );
  };
}

function toOrganization(value: Json, environmentId: string): Organization {
  const createTime = timeIn(value, "create_time");
  const updateTime = timeIn(value, "update_time") ?? createTime;
  if (createTime === undefined || updateTime === undefined) throw strangeAnswer("no create_time");
  const features = featuresOf(value);
  return {
    id: idIn(value),
    environmentId,
    displayName: textIn(value, "display_name"),
    ...optionalText("externalId", textIn(value, "external_id")),
    metadata: pairsIn(value, "metadata"),
    settings: {
      features: (["sso", "dir_sync"] as const).map((name): Feature => ({
        name,
        enabled: features.some((feature) => feature.name === name && feature.enabled),
      })),
    },
    createTime,
    updateTime,
  };
}

/** All features that the organization has, also those that we do not know. */
function featuresOf(organization: Json): { readonly name: string; readonly enabled: boolean }[] {
  const settings = optionalObjectIn(organization, "settings") ?? {};
  return objectsIn(settings, "features").map((feature) => ({
    name: textIn(feature, "name"),
    enabled: flagIn(feature, "enabled"),
  }));
}
