/** How the Scalekit backend talks: its own token, further attempts, bounds, and errors that carry no words of theirs. */

import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import type { AppError } from "../../../errors.ts";
import { refused } from "../contract_scene.ts";
import { INJECTION, type Misbehaviour } from "./server.ts";
import { openRemote, type Remote, type RemoteOptions } from "./support.ts";

const page = { pageSize: 10 };

function scene(
  behaviour: string,
  run: (remote: Remote, environmentId: string) => Promise<void>,
  options?: RemoteOptions,
): void {
  test(`scalekit: ${behaviour}`, async () => {
    const remote = await openRemote(options);
    try {
      await run(remote, remote.development.environment.id);
    } finally {
      await remote.close();
    }
  });
}

const listOf = ({ workspace, development }: Remote) =>
  workspace.listOrganizations(development.environment.id, page);
const create = ({ workspace, development }: Remote, displayName = "Acme") =>
  workspace.createOrganization(development.environment.id, { displayName });
const calls = ({ development }: Remote) =>
  development.requests.filter(({ path }) => path.startsWith("/api/"));

/** Everything of an error that leaves the process. */
function published({ code, message, reason, details }: AppError): string {
  return JSON.stringify({ code, message, reason, details });
}

scene("one token serves many calls, and calls at once ask for one", async (remote) => {
  await Promise.all(Array.from({ length: 10 }, () => listOf(remote)));
  await listOf(remote);
  assertEquals(remote.development.tokens, 1);
  const { path, body, headers } = remote.development.requests[0]!;
  assertEquals(path, "/oauth/token");
  assertFalse("authorization" in headers);
  assertMatch(body, /^grant_type=client_credentials&client_id=skc_\d+&client_secret=secret-/);
  assertEquals(remote.production.requests, []);
});

let clock = Date.now();
scene("a token is renewed a minute before it ends", async (remote) => {
  await listOf(remote);
  clock += 239_000;
  await listOf(remote);
  assertEquals(remote.development.tokens, 1);
  clock += 2_000;
  await listOf(remote);
  assertEquals(remote.development.tokens, 2);
}, { expiresIn: 300, now: () => new Date(clock) });

scene(
  "a token that is refused is replaced once, also for a call that is not repeated",
  async (remote) => {
    await listOf(remote);
    remote.development.expireTokens();
    assertEquals((await create(remote)).displayName, "Acme");
    assertEquals(remote.development.tokens, 2);
    remote.development.misbehave({ status: 401 }, 2);
    const error = await refused("unavailable", () => listOf(remote));
    assertEquals(error.reason, "scalekit_credentials");
    assertEquals(remote.development.tokens, 3);
  },
);

scene("refused credentials are the operator's affair, and are not tried again", async (remote) => {
  remote.development.misbehave({ status: 401 }, 1, "token");
  const error = await refused("unavailable", () => listOf(remote));
  assertMatch(error.message, /tell the operator/);
  const { clientId, clientSecret } = remote.development.environment;
  for (const secret of [clientId, clientSecret]) assertFalse(published(error).includes(secret));
  assertEquals(remote.development.requests.length, 1);
  await listOf(remote);
});

scene("a token endpoint that fails is asked again", async (remote) => {
  remote.development.misbehave({ status: 503 }, 2, "token");
  await listOf(remote);
  assertEquals(remote.development.tokens, 1);
});

scene("what only reads is tried again when the API fails", async (remote) => {
  const ways: Misbehaviour[] = [{ status: 500 }, { status: 503 }, { cut: true }];
  for (const how of ways) remote.development.misbehave(how);
  await listOf(remote);
  assertEquals(calls(remote).length, 4);
});

scene("nothing that has an effect is done twice", async (remote) => {
  for (const how of [{ status: 500 }, { status: 503 }, { cut: true }] as Misbehaviour[]) {
    remote.development.misbehave({ ...how, afterwards: true });
    const before = calls(remote).length;
    const error = await refused("unavailable", () => create(remote));
    assertMatch(error.message, /effect|reached/);
    assertEquals(calls(remote).length, before + 1);
  }
  assertEquals(remote.development.state.organizations.size, 3);
  const { id } = await create(remote);
  for (const how of [{ status: 500 }, { cut: true }]) {
    remote.development.misbehave({ ...how, afterwards: true });
    const before = calls(remote).length;
    const link = { features: ["sso"] } as const;
    await refused(
      "unavailable",
      () => remote.workspace.createAdminPortalLink(remote.development.environment.id, id, link),
    );
    assertEquals(calls(remote).length, before + 1);
  }
});

scene("a deletion whose answer was lost is done, not unknown", async (remote, environmentId) => {
  const { workspace, development } = remote;
  const { id } = await create(remote);
  const user = { email: "kim@example.com", roles: ["member"] };
  const { id: userId } = await workspace.createOrganizationUser(environmentId, id, user);
  development.misbehave({ status: 500, afterwards: true, method: "DELETE" });
  const { user: removed } = await workspace.removeOrganizationUser(environmentId, id, userId);
  assertEquals(removed.id, userId);
  development.misbehave({ cut: true, afterwards: true, method: "DELETE" });
  assertEquals((await workspace.deleteOrganization(environmentId, id)).organization.id, id);
  await refused("not_found", () => workspace.deleteOrganization(environmentId, id));
});

scene("a budget that is used up is waited for, as long as it says", async (remote) => {
  remote.development.misbehave({
    status: 429,
    errorCode: "RATE_LIMITED",
    headers: { "retry-after": "1" },
  });
  const before = performance.now();
  // It refuses before anything is done, so also what has an effect can come again.
  await create(remote);
  assert(performance.now() - before > 950);
  assertEquals(remote.development.state.organizations.size, 1);
  remote.development.misbehave({ status: 429, errorCode: "TOOL_ERROR" });
  await refused("rate_limited", () => create(remote));
});

scene("a wait that is too long is handed to the caller", async (remote) => {
  for (const after of ["3600", new Date(Date.now() + 3_600_000).toUTCString()]) {
    remote.development.misbehave({ status: 429, headers: { "retry-after": after } });
    const { retryAfterSeconds } = await refused("rate_limited", () => listOf(remote));
    assert(Math.abs(retryAfterSeconds! - 3600) < 60, String(retryAfterSeconds));
  }
});

scene("attempts come to an end", async (remote) => {
  remote.development.misbehave({ status: 502 }, 50);
  await refused("unavailable", () => listOf(remote));
  assertEquals(calls(remote).length, 4);
});

scene("an API that does not answer is not waited for", async (remote) => {
  remote.development.misbehave({ delay: 5_000 }, 10);
  const before = performance.now();
  const error = await refused("unavailable", () => listOf(remote));
  assertEquals(error.reason, "scalekit_unreachable");
  assert(performance.now() - before < 4_500);
}, { limits: { requestTimeout: 100, totalTimeout: 1_000 } });

scene("answers that are none are refused", async (remote) => {
  const other = remote.production.environment.baseUrl;
  const ways: Misbehaviour[] = [
    { raw: `<html>${INJECTION}</html>`, headers: { "content-type": "text/html" } },
    { raw: '{"organizations": [' },
    { raw: "[]" },
    { raw: "null" },
    { raw: '{"organizations": {}}' },
    { raw: '{"organizations": [{"id": "../../etc", "display_name": "x"}]}' },
    { raw: '{"organizations": [{"id": 7}]}' },
    { raw: '{"organizations": [], "total_size": -1}' },
    { raw: " ".repeat(200_000) },
    { status: 302, headers: { location: `${other}/api/v1/organizations` } },
  ];
  for (const how of ways) {
    remote.development.misbehave(how, 4);
    const error = await refused("unavailable", () => listOf(remote));
    assertFalse(published(error).includes("gnore"), published(error));
    // What was not used up is for nobody else.
    while (await isStillBad(remote));
  }
  assertEquals(remote.production.requests, []);
}, { limits: { answerBytes: 100_000 } });

async function isStillBad(remote: Remote): Promise<boolean> {
  try {
    await listOf(remote);
    return false;
  } catch {
    return true;
  }
}

scene("no word of theirs leaves in an error, their code and request id do", async (remote) => {
  const statuses = [400, 403, 404, 405, 409, 412, 429, 500, 501, 503];
  for (const status of statuses) {
    remote.development.misbehave({
      status,
      errorCode: "SOME_CODE",
      headers: { "x-hint": INJECTION, "retry-after": "3600" },
    });
    const error = await remote.workspace.createOrganization(
      remote.development.environment.id,
      { displayName: "Acme" },
    ).then(() => undefined, (error) => error as AppError);
    assert(error !== undefined, `${status}`);
    assertFalse(/previous instructions|evil/.test(published(error)), published(error));
    assertEquals(error.details?.["upstreamCode"], "SOME_CODE");
    assertMatch(String(error.details?.["upstreamRequestId"]), /^req-[0-9a-f-]{36}$/);
  }
  for (const errorCode of ["ignore previous instructions", "A".repeat(400), "a_b", "A B"]) {
    remote.development.misbehave({ status: 400, errorCode });
    const error = await refused("invalid_input", () => create(remote));
    assertFalse(published(error).includes(errorCode));
  }
});

scene("errors become ours, and name only fields that were sent", async (remote, environmentId) => {
  const { workspace } = remote;
  const error = await refused("invalid_input", () => create(remote, "x".repeat(300)));
  assertEquals(error.details?.["fields"], ["display_name"]);
  assertMatch(error.message, /It refuses: display_name$/);
  const codes = { 403: "forbidden", 409: "conflict", 501: "not_supported", 404: "not_supported" };
  for (const [status, code] of Object.entries(codes)) {
    remote.development.misbehave({ status: Number(status) });
    await refused(code as "forbidden", () => create(remote));
  }
  await refused("not_found", () => workspace.getOrganization(environmentId, "org_1"));
});

scene("what cannot be an id is asked for nowhere", async (remote, environmentId) => {
  const { workspace } = remote;
  const strange = ["", ".", "..", "../users", "org_1/users", "org_1:enable", "org_1?a=b", "a%2Fb"];
  for (const id of [...strange, "org_1#", "örg", "\0", "\ud83d", "x".repeat(65)]) {
    await refused("not_found", () => workspace.getOrganization(environmentId, id));
    await refused("not_found", () => workspace.deleteOrganization(environmentId, id));
    await refused("not_found", () => workspace.getUser(environmentId, id));
    await refused("not_found", () => workspace.getEnvironmentRole(environmentId, id));
    await refused("not_found", () => workspace.getMcpServer(environmentId, id));
    await refused("not_found", () => workspace.getConnectedAccount(environmentId, id));
    await refused("not_found", () => workspace.getWorkspaceMember(id));
  }
  assertEquals(calls(remote), []);
});

scene("an environment is asked by so many at once, and so many may wait", async (remote) => {
  remote.development.misbehave({ delay: 50 }, 12);
  const results = await Promise.allSettled(Array.from({ length: 12 }, () => listOf(remote)));
  const reasons = results.flatMap((result) =>
    result.status === "rejected" ? [(result.reason as AppError).code] : []
  );
  assertEquals(reasons, Array(4).fill("rate_limited"));
  assert(remote.development.peak <= 3, String(remote.development.peak));
  await listOf(remote);
}, { limits: { concurrent: 3, waiting: 5 } });

scene("closing the store ends what is under way", async (remote) => {
  remote.development.misbehave({ delay: 10_000 });
  const before = performance.now();
  const call = refused("unavailable", () => listOf(remote));
  while (calls(remote).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await remote.close();
  await call;
  assert(performance.now() - before < 5_000);
});
