import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, questionOf, withWorkspace } from "../support/tools.ts";

const TOOL = "remove_post_logout_redirect_uri";
const uri = "https://app.gatehouse.example/";

test("remove_post_logout_redirect_uri removes the URI of its kind after a question that names it", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, uri };
    assertEquals(
      await questionOf(TOOL, input, workspace),
      `Remove the post-logout redirect URI ${uri} (added 2025-01-06T09:00:00.000Z) from the environment ` +
        "Production (PRD)? Sign-outs will not return to it.",
    );
    // The same URI in the other list stays.
    await workspace.addRedirectUri(environmentId, "REDIRECT", uri);
    const removed = await callTool(TOOL, input, { workspace });
    assertEquals([removed.kind, removed.uri], ["POST_LOGOUT_REDIRECT", uri]);
    const { uris, totalSize } = await callTool("list_redirect_uris", { environmentId }, {
      workspace,
    });
    assertEquals(totalSize, 3);
    const left = uris.filter((listed: typeof removed) => listed.uri === uri);
    assertEquals(left.map(({ kind }: typeof removed) => kind), ["REDIRECT"]);
  }));

test("remove_post_logout_redirect_uri asks nobody about a URI that is not in the list letter by letter", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const other = await environmentNamed(workspace, "Development");
    const cases = [
      { environmentId, uri: `${uri}x` },
      { environmentId, uri: uri.toUpperCase() },
      { environmentId: other, uri },
      { environmentId, uri: "https://app.gatehouse.example/callback" },
    ];
    for (const input of cases) {
      for (
        const call of [questionOf(TOOL, input, workspace), callTool(TOOL, input, { workspace })]
      ) {
        assertEquals((await assertRejects(() => call, AppError)).code, "not_found");
      }
    }
  }));
