import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, NOW, withWorkspace } from "../support/tools.ts";

const TOOL = "add_redirect_uri";
const uri = "https://app.example.com/callback";

test("add_redirect_uri keeps the URI letter by letter", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    for (const added of [uri, `${uri}/`, `${uri}?tenant=A%2Fb`]) {
      assertEquals(await callTool(TOOL, { environmentId, uri: added }, { workspace }), {
        kind: "REDIRECT",
        uri: added,
        createTime: NOW.toISOString(),
      });
    }
    const { uris } = await callTool("list_redirect_uris", { environmentId }, { workspace });
    assertEquals(uris.slice(-3).map(({ uri }: { uri: string }) => uri), [
      uri,
      `${uri}/`,
      `${uri}?tenant=A%2Fb`,
    ]);
  }));

test("add_redirect_uri refuses what is there already, in this environment alone", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    await callTool(TOOL, { environmentId, uri }, { workspace });
    const error = await assertRejects(
      () => callTool(TOOL, { environmentId, uri }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "conflict");
    const other = await environmentNamed(workspace, "Development");
    await callTool(TOOL, { environmentId: other, uri }, { workspace });
    // Another kind is another list.
    await callTool("add_post_logout_redirect_uri", { environmentId, uri }, { workspace });
  }));

/** H246, H256 for URIs of an environment; the wider list of forms is in uris_test.ts. */
test("add_redirect_uri says which URIs it takes", () => {
  const [problem, ...others] = inputProblems(TOOL, {
    environmentId: "env_1",
    uri: "javascript:alert(1)",
  });
  assertEquals(others, []);
  assertEquals(
    problem,
    "uri: Must be https, or http on localhost, 127.0.0.1 or [::1], or a scheme of your own with a dot such as " +
      "com.example.app:/callback; lower-case scheme and host, no user, no #fragment",
  );
});
