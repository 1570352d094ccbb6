/** The routes of organizations, as documented. */

import { z } from "zod";
import { newestFirst, page, pages, type Route, timestamp } from "./routes.ts";
import { leave, organizationOf, requireFree } from "./lookups.ts";
import type { Organization } from "./state.ts";

const metadata = z.record(z.string(), z.string());
const name = z.string().min(1).max(200);

function showOrganization(organization: Organization) {
  const { features, ...rest } = organization;
  return {
    ...rest,
    region_code: "US",
    settings: { features: [...features].map(([name, enabled]) => ({ name, enabled })) },
  };
}

export const organizationRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/organizations",
    query: pages(10, 100, { external_id: z.string().optional() }),
    handle: ({ state, query }) =>
      page("organizations", newestFirst(state.organizations.values()), query, showOrganization),
  },
  {
    method: "GET",
    path: "/organizations:search",
    query: pages(0, 30, { query: z.string().min(3).max(100) }),
    handle({ state, query }) {
      const text = String(query["query"]).toLowerCase();
      const found = newestFirst(state.organizations.values()).filter((one) =>
        [one.display_name, one.external_id ?? "", one.id].join("\n").toLowerCase().includes(text)
      );
      return page("organizations", found, query, showOrganization);
    },
  },
  {
    method: "POST",
    path: "/organizations",
    body: z.strictObject({
      display_name: name,
      external_id: z.string().min(1).optional(),
      metadata: metadata.optional(),
    }),
    handle({ state, body }) {
      requireFree(state.organizations.values(), body.external_id);
      const time = timestamp();
      const organization = {
        metadata: {},
        ...body,
        id: state.newId("org"),
        features: new Map(),
        create_time: time,
        update_time: time,
      };
      state.organizations.set(organization.id, organization);
      return { organization: showOrganization(organization) };
    },
  },
  {
    method: "GET",
    path: "/organizations/{id}",
    handle: (called) => ({ organization: showOrganization(organizationOf(called)) }),
  },
  {
    method: "PATCH",
    path: "/organizations/{id}",
    body: z.strictObject({
      display_name: name.optional(),
      external_id: z.string().optional(),
      metadata: metadata.optional(),
    }),
    handle(called) {
      const organization = organizationOf(called);
      const { external_id, ...others } = called.body;
      requireFree(called.state.organizations.values(), external_id, organization.id);
      Object.assign(organization, others, { update_time: timestamp() });
      if (external_id) organization.external_id = external_id;
      if (external_id === "") delete organization.external_id;
      return { organization: showOrganization(organization) };
    },
  },
  {
    method: "PATCH",
    path: "/organizations/{id}/settings",
    body: z.strictObject({
      features: z.array(z.strictObject({
        name: z.enum(["sso", "dir_sync", "domain_verification", "session_policy"]),
        enabled: z.boolean(),
      })),
    }),
    // The whole list is taken for the new state: what is left out is off.
    handle(called) {
      const organization = organizationOf(called);
      organization.features = new Map(
        called.body.features.map(({ name, enabled }: Record<string, unknown>) => [name, enabled]),
      );
      organization.update_time = timestamp();
      return { organization: showOrganization(organization) };
    },
  },
  {
    method: "DELETE",
    path: "/organizations/{id}",
    handle(called) {
      const { state } = called;
      const { id } = organizationOf(called);
      state.organizations.delete(id);
      for (const user of state.users.values()) leave(state, user, id);
      return {};
    },
  },
];
