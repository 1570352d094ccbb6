/** The contract of the Workspace interface, part: MCP servers. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { everyItem, refused, type RegisterScene } from "./contract_scene.ts";

const SERVER = {
  name: "Orders 株式会社",
  description: "Looks up orders",
  url: "https://orders.example/mcp",
  provider: "corporate-login",
  accessTokenExpiry: 900,
  scopes: ["orders:read", "orders:write"],
  dynamicClientRegistration: true,
  clientIdMetadataDocuments: false,
};
const { description: _, provider: __, ...PLAIN } = SERVER;

export function describeMcpServers(scene: RegisterScene): void {
  scene("registerMcpServer() stores what it is given", async ({ workspace, environmentId }) => {
    const server = await workspace.registerMcpServer(environmentId, SERVER);
    const { id, environmentId: environment, createTime, updateTime, ...stored } = server;
    assertEquals(stored, SERVER);
    assertMatch(id, /^res_[A-Za-z0-9]{1,28}$/);
    assertEquals([environment, createTime], [environmentId, updateTime]);
    assertEquals(await workspace.getMcpServer(environmentId, id), server);
    const plain = await workspace.registerMcpServer(environmentId, {
      ...PLAIN,
      url: "https://b.example/mcp",
    });
    assert(!("description" in plain) && !("provider" in plain));
  });

  scene("a URL is registered once in its environment", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    const register = (environment: string, url: string) =>
      workspace.registerMcpServer(environment, { ...PLAIN, url });
    const first = await register(environmentId, "https://one.example");
    await refused("conflict", () => register(environmentId, "https://one.example"));
    // One metadata document serves both (RFC 9728 section 3.1).
    await refused("conflict", () => register(environmentId, "https://one.example/"));
    await register(otherEnvironmentId, "https://one.example");
    const second = await register(environmentId, "https://one.example/mcp");
    await register(environmentId, "https://one.example/mcp/");
    const move = (id: string, url: string) => workspace.updateMcpServer(environmentId, id, { url });
    await refused("conflict", () => move(second.id, "https://one.example/"));
    assertEquals(await workspace.getMcpServer(environmentId, second.id), second);
    const moved = await move(first.id, "https://one.example/");
    assertEquals(moved.url, "https://one.example/");
  });

  scene("updateMcpServer() changes what is named, and removes what is null", async (scene) => {
    const { workspace, environmentId } = scene;
    const { id, createTime, updateTime: _, ...before } = await workspace.registerMcpServer(
      environmentId,
      SERVER,
    );
    const update = async (changes: Parameters<typeof workspace.updateMcpServer>[2]) => {
      const { updateTime, ...after } = await workspace.updateMcpServer(environmentId, id, changes);
      assert(updateTime >= createTime);
      return after;
    };
    assertEquals(await update({ name: "Bills" }), { ...before, id, createTime, name: "Bills" });
    const all = {
      name: "All",
      description: "new",
      url: "https://new.example/",
      provider: "other",
      accessTokenExpiry: 60,
      scopes: [],
      dynamicClientRegistration: false,
      clientIdMetadataDocuments: true,
    };
    assertEquals(await update(all), { ...before, id, createTime, ...all });
    const bare = await update({ provider: null, description: null });
    assert(!("description" in bare) && !("provider" in bare));
  });

  scene("an MCP server is found in its own environment only", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    const { id } = await workspace.registerMcpServer(environmentId, SERVER);
    const calls = [
      (env: string, server: string) => workspace.getMcpServer(env, server),
      (env: string, server: string) => workspace.updateMcpServer(env, server, { name: "Stolen" }),
      (env: string, server: string) => workspace.deleteMcpServer(env, server),
    ];
    for (const call of calls) {
      await refused("not_found", () => call(otherEnvironmentId, id));
      await refused("not_found", () => call("env_unknown", id));
      await refused("not_found", () => call(environmentId, "res_unknown"));
      await refused("not_found", () => call(environmentId, `${id}\0`));
    }
    await refused("not_found", () => workspace.listMcpServers("env_unknown", { pageSize: 1 }));
    await refused("not_found", () => workspace.registerMcpServer("env_unknown", SERVER));
    assertEquals((await workspace.getMcpServer(environmentId, id)).name, SERVER.name);
  });

  scene("listMcpServers() is newest first, page by page", async ({ workspace, environmentId }) => {
    const made: string[] = [];
    for (const n of [1, 2, 3]) {
      const url = `https://${n}.example/`;
      made.push((await workspace.registerMcpServer(environmentId, { ...PLAIN, url })).id);
    }
    const items = await everyItem((pageToken) =>
      workspace.listMcpServers(environmentId, { pageSize: 2, pageToken })
    );
    assertEquals(items.slice(0, 3).map(({ id }) => id), made.toReversed());
    assert(items.every((item) => item.environmentId === environmentId));
  });

  scene("deleteMcpServer() frees the URL, once", async ({ workspace, environmentId }) => {
    const server = await workspace.registerMcpServer(environmentId, SERVER);
    assertEquals(await workspace.deleteMcpServer(environmentId, server.id), server);
    await refused("not_found", () => workspace.deleteMcpServer(environmentId, server.id));
    await refused("not_found", () => workspace.getMcpServer(environmentId, server.id));
    await workspace.registerMcpServer(environmentId, SERVER);
  });
}
