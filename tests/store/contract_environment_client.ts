/** The contract of the Workspace interface, part: the client of an environment, its secrets and its URIs. */

import { assert, assertEquals, assertFalse, assertMatch, assertNotEquals } from "@std/assert";
import { everyItem, refused, type RegisterScene } from "./contract_scene.ts";

const KINDS = ["REDIRECT", "POST_LOGOUT_REDIRECT"] as const;

export function describeEnvironmentClient(scene: RegisterScene): void {
  scene("each environment has a client of its own", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    const client = await workspace.getEnvironmentClient(environmentId);
    const other = await workspace.getEnvironmentClient(otherEnvironmentId);
    assertMatch(client.clientId, /^skc_[A-Za-z0-9]{1,28}$/);
    assertNotEquals(client.clientId, other.clientId);
    assertEquals(client.environmentId, environmentId);
    await refused("not_found", () => workspace.getEnvironmentClient("env_unknown"));
  });

  /** H232. */
  scene("a secret is shown when it is made and never again", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    const { secrets: before } = await workspace.getEnvironmentClient(environmentId);
    const { plainSecret, clientId, ...shown } = await workspace
      .createEnvironmentClientSecret(environmentId, {});
    assertEquals(plainSecret.slice(-4), shown.secretSuffix);
    assert(plainSecret.length >= 32);
    const client = await workspace.getEnvironmentClient(environmentId);
    assertEquals(client.clientId, clientId);
    assertEquals(client.secrets, [...before, shown]);
    assertFalse(JSON.stringify(client).includes(plainSecret));
    const next = await workspace.createEnvironmentClientSecret(environmentId, {});
    assertNotEquals(next.plainSecret, plainSecret);

    const revoke = (id: string) => workspace.deleteEnvironmentClientSecret(id, shown.id);
    await refused("not_found", () => revoke(otherEnvironmentId));
    assertEquals(await revoke(environmentId), shown);
    await refused("not_found", () => revoke(environmentId));
    const left = (await workspace.getEnvironmentClient(environmentId)).secrets;
    assertEquals(left.map(({ id }) => id), [...before.map(({ id }) => id), next.id]);
  });

  scene("a secret is inactive once its time has passed", async ({ workspace, environmentId }) => {
    const times = { past: "2020-01-01T00:00:00.000Z", future: "2999-01-01T00:00:00.000Z" };
    for (const expireTime of Object.values(times)) {
      await workspace.createEnvironmentClientSecret(environmentId, { expireTime });
    }
    const { secrets } = await workspace.getEnvironmentClient(environmentId);
    assertEquals(secrets.slice(-2).map(({ status, expireTime }) => [status, expireTime]), [
      ["INACTIVE", times.past],
      ["ACTIVE", times.future],
    ]);
  });

  scene("a client keeps ten secrets, also of those who ask at once", async (scene) => {
    const { workspace, environmentId } = scene;
    const results = await Promise.allSettled(
      Array.from({ length: 15 }, () => workspace.createEnvironmentClientSecret(environmentId, {})),
    );
    const { secrets } = await workspace.getEnvironmentClient(environmentId);
    assertEquals(secrets.length, 10);
    assert(results.some(({ status }) => status === "rejected"));
  });

  scene("setInitiateLoginUri() sets, replaces and takes away", async (scene) => {
    const { workspace, environmentId } = scene;
    for (const uri of ["https://a.example/login", "http://localhost:1/", undefined, undefined]) {
      const client = await workspace.setInitiateLoginUri(environmentId, uri);
      assertEquals(client.initiateLoginUri, uri);
      assertEquals("initiateLoginUri" in client, uri !== undefined);
      assertEquals(await workspace.getEnvironmentClient(environmentId), client);
    }
    await refused("not_found", () => workspace.setInitiateLoginUri("env_unknown", undefined));
  });

  scene("redirect URIs are exact strings of one kind and environment", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    const uris = ["https://a.example/cb", "https://a.example/cb/", "https://a.example/CB"];
    for (const kind of KINDS) {
      for (const uri of uris) {
        const added = await workspace.addRedirectUri(environmentId, kind, uri);
        assertEquals([added.kind, added.uri], [kind, uri]);
        assertEquals(await workspace.getRedirectUri(environmentId, kind, uri), added);
        await refused("conflict", () => workspace.addRedirectUri(environmentId, kind, uri));
      }
    }
    const mine = async () =>
      (await everyItem((pageToken) =>
        workspace.listRedirectUris(environmentId, { pageSize: 2, pageToken })
      )).filter(({ uri }) => uris.includes(uri));
    assertEquals((await mine()).length, 6);
    const remove = (id: string, uri: string) => workspace.removeRedirectUri(id, "REDIRECT", uri);
    await refused("not_found", () => remove(otherEnvironmentId, uris[0]!));
    await refused("not_found", () => remove(environmentId, "https://a.example/Cb"));
    await refused("not_found", () => remove(environmentId, `${uris[0]}\0`));
    await remove(environmentId, uris[0]!);
    await refused("not_found", () => remove(environmentId, uris[0]!));
    assertEquals((await mine()).map(({ kind, uri }) => `${kind} ${uri}`), [
      ...uris.slice(1).map((uri) => `REDIRECT ${uri}`),
      ...uris.map((uri) => `POST_LOGOUT_REDIRECT ${uri}`),
    ]);
  });

  scene("an environment keeps a hundred redirect URIs of a kind", async (scene) => {
    const { workspace, environmentId } = scene;
    const add = (n: number) =>
      workspace.addRedirectUri(environmentId, "REDIRECT", `https://a.example/${n}`);
    let added = 0;
    const error = await refused("conflict", async () => {
      for (; added < 101; added++) await add(added);
    });
    assertMatch(error.message, /100 redirect URIs/);
    const { items } = await workspace.listRedirectUris(environmentId, { pageSize: 100 });
    assertEquals(items.filter(({ kind }) => kind === "REDIRECT").length >= 99, true);
    await workspace.addRedirectUri(environmentId, "POST_LOGOUT_REDIRECT", "https://a.example/");
  });
}
