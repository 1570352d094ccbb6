/** A tool that destroys, for tests of confirmation: it looks up what it would delete, and keeps what it was called with. */

import { z } from "zod";
import type { Workspace } from "../../store/workspace.ts";
import { defineTool } from "../../tools/registry.ts";
import type { AnyToolDefinition } from "../../tools/registry.ts";
import { environmentId, organizationId } from "../../tools/shapes.ts";

/** Two tools that differ in their name alone; `runs` gets the name and the input of each time that one ran. */
export function destructiveTools(
  runs: { readonly name: string; readonly input: unknown }[],
): readonly AnyToolDefinition[] {
  return ["delete_organization", "delete_organization_users"].map((name) =>
    defineTool({
      name,
      title: "Delete organization",
      description: "Deletes an organization of the tests about confirmation, or says that it did.",
      effect: "delete",
      scopes: ["org:write"],
      input: z.strictObject({ environmentId, organizationId }),
      output: z.object({ deleted: z.boolean() }),
      confirm: ({ environmentId, organizationId }, { workspace }) =>
        questionAbout(workspace, environmentId, organizationId),
      handle(input) {
        runs.push({ name, input });
        return Promise.resolve({ deleted: true });
      },
    })
  );
}

/** What a person is asked. */
export async function questionAbout(
  workspace: Workspace,
  environmentId: string,
  organizationId: string,
): Promise<string> {
  const { displayName } = await workspace.getOrganization(environmentId, organizationId);
  const users = await workspace.listOrganizationUsers(environmentId, organizationId, {
    pageSize: 1,
  });
  return `Delete the organization ${displayName}, and with it the access of its users (${users.totalSize})?`;
}

/** The arguments for the first organization of a new workspace. */
export async function firstOrganization(
  workspace: Workspace,
): Promise<{ environmentId: string; organizationId: string }> {
  const { items: [environment] } = await workspace.listEnvironments({ pageSize: 1 });
  const environmentId = environment!.id;
  const { items: [organization] } = await workspace.listOrganizations(environmentId, {
    pageSize: 1,
  });
  return { environmentId, organizationId: organization!.id };
}
