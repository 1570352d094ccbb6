import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import createOrganization from "../../tools/create_organization.ts";
import createOrganizationUser from "../../tools/create_organization_user.ts";
import importOrganizationUsers from "../../tools/import_organization_users.ts";
import updateOrganizationSettings from "../../tools/update_organization_settings.ts";
import { createPipeline, legacyRequest, modernBody, modernRequest } from "../support/pipeline.ts";
import { readAnswer } from "../support/pipeline.ts";

interface Result {
  readonly content: readonly { readonly type: string; readonly text: string }[];
  readonly structuredContent: Record<string, unknown>;
  readonly _meta?: Record<string, unknown>;
}

const NAME = "create_organization";

for (const era of ["modern", "legacy"] as const) {
  test(`mcp (${era}): a repeated call is answered beside its result that nothing was done twice`, async () => {
    const tools = [
      createOrganization,
      createOrganizationUser,
      importOrganizationUsers,
      updateOrganizationSettings,
    ];
    const pipeline = await createPipeline({ tools });
    try {
      const { workspace } = pipeline.store;
      const { items: [environment] } = await workspace.listEnvironments({ pageSize: 1 });
      const environmentId = environment!.id;
      const size = async () =>
        (await workspace.listOrganizations(environmentId, { pageSize: 1 })).totalSize;
      const before = await size();
      const input = { environmentId, displayName: "Acme", idempotencyKey: "4f1c" };
      const call = async (): Promise<Result> => {
        const token = await pipeline.issuer.token({ claims: { scope: "org:write" } });
        const request = era === "modern"
          ? modernRequest(token, { body: modernBody(NAME, input) })
          : legacyRequest(token, "tools/call", { name: NAME, arguments: input });
        const { result } = await readAnswer(await pipeline.handler(request, "::1"));
        return result as Result;
      };

      const first = await call();
      assertEquals(first.content.length, 2);
      assertEquals(JSON.parse(first.content[0]!.text), first.structuredContent);
      assertStringIncludes(first.content[1]!.text, "create_organization_user");
      assertStringIncludes(first.content[1]!.text, `${first.structuredContent["id"]}`);

      const second = await call();
      assertEquals(second.structuredContent, first.structuredContent);
      assertEquals(second.content.length, 3);
      assertStringIncludes(second.content[1]!.text, "not done again");
      assertEquals(second.content[2], first.content[1]);
      const replayedFrom = second._meta!["gatehouse/replayed_from"];
      assert(second.content[1]!.text.includes(`${replayedFrom}`));

      assertEquals(await size(), before + 1);
      const told = pipeline.records.map(({ event, outcome }) => [event, outcome?.replayed]);
      assertEquals(told, [
        ["tool.intent", undefined],
        ["tool.call", undefined],
        ["tool.call", true],
      ]);
    } finally {
      await pipeline.close();
    }
  });
}
