import { test } from "node:test";

import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { tools } from "../../tools/mod.ts";
import { createPipeline, modernBody, modernRequest, readAnswer } from "../support/pipeline.ts";
import { callTool, environmentNamed, inputProblems, NOW, withWorkspace } from "../support/tools.ts";

const TOOL = "create_environment_client_secret";

test("create_environment_client_secret returns another secret for the same client", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const read = () => callTool("get_environment_credentials", { environmentId }, { workspace });
    const before = await read();
    const first = await callTool(TOOL, { environmentId }, { workspace });
    const second = await callTool(TOOL, { environmentId }, { workspace });
    assertMatch(first.secret, /^[\w-]{43}$/);
    assertNotEquals(first.secret, second.secret);
    const { id, secret, ...rest } = first;
    assertEquals(rest, {
      clientId: before.clientId,
      secretSuffix: secret.slice(-4),
      status: "ACTIVE",
      createTime: NOW.toISOString(),
    });
    const after = await read();
    assertEquals(after.secrets.map((secret: { id: string }) => secret.id), [
      before.secrets[0].id,
      id,
      second.id,
    ]);
  }));

test("create_environment_client_secret ends a secret after its days", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, expiresInDays: 30 };
    const { expireTime, status } = await callTool(TOOL, input, { workspace });
    assertEquals([expireTime, status], ["2026-10-01T12:00:00.000Z", "ACTIVE"]);
    const past = { expireTime: NOW.toISOString() };
    await workspace.createEnvironmentClientSecret(environmentId, past);
    const { secrets } = await callTool("get_environment_credentials", { environmentId }, {
      workspace,
    });
    assertEquals(secrets.map(({ status }: { status: string }) => status), [
      "ACTIVE",
      "ACTIVE",
      "INACTIVE",
    ]);
  }));

test("create_environment_client_secret keeps no more than ten", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    for (let made = 1; made < 10; made++) await callTool(TOOL, { environmentId }, { workspace });
    const error = await assertRejects(
      () => callTool(TOOL, { environmentId }, { workspace }),
      AppError,
      "10 client secrets",
    );
    assertEquals(error.code, "conflict");
  }));

test("create_environment_client_secret takes whole days up to ten years", () => {
  const problems = (expiresInDays: unknown) =>
    inputProblems(TOOL, { environmentId: "env_1", expiresInDays });
  for (const days of [undefined, 1, 3650]) assertEquals(problems(days), []);
  for (const days of [0, -1, 1.5, 3651, "30", null]) assertEquals(problems(days).length, 1);
});

/** H232: a secret is in the answer that makes it, and nowhere else. */
test("a client secret is in one answer and in no record, log, error or later answer", async () => {
  const pipeline = await createPipeline({ tools });
  try {
    const token = await pipeline.issuer.token({ claims: { scope: "env:write" } });
    const call = async (name: string, input: object) => {
      const answer = await pipeline.handler(
        modernRequest(token, { body: modernBody(name, input) }),
        "127.0.0.1",
      );
      const headers = JSON.stringify([...answer.headers]);
      return { text: JSON.stringify(await readAnswer(answer)), headers };
    };
    const { items: [environment] } = await pipeline.store.workspace
      .listEnvironments({ pageSize: 1 });
    const environmentId = environment!.id;
    const made = await call(TOOL, { environmentId });
    const { secret, id } = JSON.parse(made.text).result.structuredContent;
    assertMatch(secret, /^[\w-]{43}$/);
    assert(!made.headers.includes(secret));

    const later = [
      await call("get_environment_credentials", { environmentId }),
      await call("revoke_environment_client_secret", { environmentId, secretId: id }),
      await call("revoke_environment_client_secret", {
        environmentId,
        secretId: id,
        confirm: true,
      }),
      // A model that gives the secret where an id belongs, or under a name of its own.
      await call("revoke_environment_client_secret", { environmentId, secretId: secret }),
      await call("get_environment_credentials", { environmentId, secret }),
    ];
    for (const { text, headers } of later) assert(!(text + headers).includes(secret), text);
    assert(later[2]!.text.includes(id), later[2]!.text);
    assert(pipeline.records.length >= 6);
    assert(!JSON.stringify(pipeline.records).includes(secret));
    assertEquals(pipeline.unexpected, []);
  } finally {
    await pipeline.close();
  }
});
