/** The roles of an environment. */

import { AppError } from "../../errors.ts";
import { assertStorable } from "../text.ts";
import {
  assertReplaceable,
  type CountedRole,
  type DefaultRoles,
  type Role,
  type RoleWorkspace,
} from "../workspace/roles.ts";
import { type Api, path } from "./api.ts";
import { type Context, notSupported, notThere } from "./context.ts";
import { pageOf } from "./page.ts";
import {
  countIn,
  flagIn,
  idIn,
  type Json,
  objectIn,
  objectsIn,
  optionalObjectIn,
  textIn,
} from "./values.ts";

export function roles({ of }: Context): RoleWorkspace {
  return {
    async listEnvironmentRoles(environmentId, page) {
      const body = await of(environmentId).call({
        method: "GET",
        path: "/roles",
        missing: notThere,
      });
      const found = objectsIn(body, "roles").filter((role) => !flagIn(role, "is_org_role"));
      return pageOf(
        found.map((role) => toRole(role, environmentId)),
        ["roles", environmentId],
        page,
      );
    },

    getEnvironmentRole: async (environmentId, name) => await countedRole(of(environmentId), name),

    async createEnvironmentRole(environmentId, input) {
      const api = of(environmentId);
      const { name, displayName, description, defaultCreator, defaultMember } = input;
      assertStorable({ name, displayName, description });
      const body = await api.call({
        method: "POST",
        path: "/roles",
        body: { name, display_name: displayName, ...(description && { description }) },
        missing: notThere,
      });
      const role = toRole(objectIn(body, "role"), environmentId);
      if (!defaultCreator && !defaultMember) return role;
      await setDefaults(api, {
        ...(defaultCreator && { defaultCreator: name }),
        ...(defaultMember && { defaultMember: name }),
      });
      return toRole(await findRole(api, name), environmentId);
    },

    async updateEnvironmentRole(environmentId, name, { displayName, description }) {
      const api = of(environmentId);
      assertStorable({ displayName, description });
      if (description === "") {
        throw notSupported(
          "an empty description for a role that has one",
          "give another description",
        );
      }
      const body = await api.call({
        method: "PUT",
        path: path`/roles/${name}`,
        // They leave what is left out, its permissions among it, as it is.
        body: {
          ...(displayName !== undefined && { display_name: displayName }),
          ...(description !== undefined && { description }),
        },
        missing: () => roleUnknown(environmentId, name),
      });
      return toRole(objectIn(body, "role"), environmentId);
    },

    async deleteEnvironmentRole(environmentId, name, replacement) {
      const api = of(environmentId);
      const counted = await countedRole(api, name);
      assertReplaceable(counted, replacement);
      const { membershipCount, ...role } = counted;
      if (replacement !== undefined) {
        await findRole(api, replacement);
        const { defaultCreator, defaultMember } = role;
        await setDefaults(api, {
          ...(defaultCreator && { defaultCreator: replacement }),
          ...(defaultMember && { defaultMember: replacement }),
        });
      }
      await api.call({
        method: "DELETE",
        path: path`/roles/${name}`,
        query: { reassign_role_name: replacement },
        missing: () => roleUnknown(environmentId, name),
      });
      return { role, changedMemberships: membershipCount };
    },

    async setDefaultRoles(environmentId, names) {
      const api = of(environmentId);
      // Their refusal of one name would leave open whether the other one was set.
      for (const name of [names.defaultCreator, names.defaultMember]) {
        if (name !== undefined) await findRole(api, name);
      }
      return await setDefaults(api, names);
    },
  };
}

async function setDefaults(api: Api, names: DefaultRoles): Promise<DefaultRoles> {
  const { defaultCreator, defaultMember } = names;
  if (defaultCreator === undefined && defaultMember === undefined) return {};
  const body = await api.call({
    method: "PATCH",
    path: "/roles:set_defaults",
    body: {
      ...(defaultCreator !== undefined && { default_creator_role: defaultCreator }),
      ...(defaultMember !== undefined && { default_member_role: defaultMember }),
    },
    missing: notThere,
  });
  const creator = optionalObjectIn(body, "default_creator");
  const member = optionalObjectIn(body, "default_member");
  return {
    ...(creator && { defaultCreator: textIn(creator, "name") }),
    ...(member && { defaultMember: textIn(member, "name") }),
  };
}

async function countedRole(api: Api, name: string): Promise<CountedRole> {
  const role = toRole(await findRole(api, name), api.environment.id);
  const body = await api.call({
    method: "GET",
    path: path`/roles/${name}/users:count`,
    missing: () => roleUnknown(api.environment.id, name),
  });
  return { ...role, membershipCount: countIn(body, "count") ?? 0 };
}

async function findRole(api: Api, name: string): Promise<Json> {
  const body = await api.call({
    method: "GET",
    path: path`/roles/${name}`,
    missing: () => roleUnknown(api.environment.id, name),
  });
  const role = objectIn(body, "role");
  if (textIn(role, "name") !== name) throw roleUnknown(api.environment.id, name);
  return role;
}

function toRole(value: Json, environmentId: string): Role {
  return {
    id: idIn(value),
    environmentId,
    name: textIn(value, "name"),
    displayName: textIn(value, "display_name"),
    description: textIn(value, "description"),
    defaultCreator: flagIn(value, "default_creator"),
    defaultMember: flagIn(value, "default_member"),
  };
}

function roleUnknown(environmentId: string, name: string): AppError {
  return new AppError(
    "not_found",
    "The environment has no role of this name; list its roles to find the name",
    { reason: "role", details: { environmentId, roleName: name } },
  );
}
