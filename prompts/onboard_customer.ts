/** Brings a new customer in: the organization, its features, its first person. */

import { environmentIds } from "../resources/completers.ts";
import { email, environmentId, line } from "../tools/shapes.ts";
import { definePrompt } from "./registry.ts";
import { quoted, steps } from "./writing.ts";

export default definePrompt({
  name: "onboard_customer",
  title: "Onboard a customer",
  description:
    "Creates the organization of a new customer in one environment, switches on what they need, and adds their " +
    "first administrator.",
  scopes: ["env:read", "org:write"],
  arguments: {
    environmentId,
    displayName: line(200).describe("Name of the customer, as people read it"),
    adminEmail: email.describe("Email address of the customer's first administrator").optional(),
  },
  complete: { environmentId: environmentIds },
  async write({ environmentId, displayName, adminEmail }, { workspace }) {
    const environment = await workspace.getEnvironment(environmentId);
    return `Onboard the customer ${quoted(displayName)} in the environment ` +
      `${
        quoted(environment.displayName)
      } (${environment.type}, environmentId ${environmentId}).\n\n` +
      steps(
        `Call list_organizations with this environmentId and search ${quoted(displayName)}. ` +
          "If the customer is there already, say so and ask whether to go on with that organization.",
        `Otherwise call create_organization with displayName ${quoted(displayName)}. ` +
          "Keep the id that it returns as organizationId.",
        "Ask the person whether the customer needs single sign-on (sso) or directory sync (dir_sync). " +
          "Switch on only what they name, with update_organization_settings.",
        adminEmail === undefined
          ? "Ask for the email address of the customer's first administrator; if there is none yet, leave this step out. " +
            "Otherwise call create_organization_user with it and the roles that the person names."
          : `Call create_organization_user with email ${
            quoted(adminEmail)
          } and the roles that the person names.`,
        "Call get_organization_details and list_organization_users, and report what there is now: the organization's " +
          "id, its features, its people.",
      ) +
      `\n\nStop at the first error and report its message; change nothing that is not named here.` +
      (environment.type === "PRD"
        ? " This is a production environment: have each change confirmed before you make it."
        : "");
  },
});
