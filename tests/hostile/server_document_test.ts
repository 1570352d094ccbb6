import { Buffer } from "node:buffer";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { receive } from "../../auth/embedded/public_fetch.ts";
import { authorizeUrl, Browser, withServer } from "../auth/embedded/support.ts";

/** On a busy machine it takes longer than the five seconds that Bun gives a test. */
const SLOW = { timeout: 30_000 };

test(
  "a metadata document is small, JSON, soon there and named by its own address (H257)",
  SLOW,
  async () => {
    const server = createServer(({ url }, response) => {
      if (url === "/slow") return void response.write("{");
      if (url === "/drip") {
        const timer = setInterval(() => response.write(" "), 100);
        return void response.on("close", () => clearInterval(timer));
      }
      response.end(Buffer.alloc(10_000_000, 0x20));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const get = (path: string) => receive(request({ host: "127.0.0.1", port, path, agent: false }));
    try {
      await Promise.all([
        assertRejects(() => get("/slow"), Error, "too long"),
        assertRejects(() => get("/drip"), Error, "too long"),
        assertRejects(() => get("/large"), Error, "too large"),
      ]);
    } finally {
      server.close();
      server.closeAllConnections();
    }
    const metadataOf = (client_id: string) =>
      JSON.stringify({
        client_id,
        redirect_uris: ["http://localhost/callback"],
        token_endpoint_auth_method: "none",
      });
    const bodies: Readonly<Record<string, (id: string) => string>> = {
      "https://app.example.com/text": () => "not JSON",
      "https://app.example.com/empty": () => "",
      "https://app.example.com/null": () => "null",
      "https://app.example.com/html": () => "<html></html>",
      "https://app.example.com/open": (id) => `${metadataOf(id)}}`,
      "https://app.example.com/case": (id) => metadataOf(id.toUpperCase()),
      "https://app.example.com/slash": (id) => metadataOf(`${id}/`),
      "https://app.example.com/twice": (id) => `{"client_id":"${id}",${metadataOf("x").slice(1)}`,
      // Section 3 of the draft: an address with a path, without dot segments, fragment or user information.
      "https://app.example.com": metadataOf,
      "https://app.example.com?c": metadataOf,
      "https://app.example.com/a/../c": metadataOf,
      "https://app.example.com/%2e%2e/c": metadataOf,
      "https://user@app.example.com/c": metadataOf,
      "https://app.example.com/c#x": metadataOf,
      "HTTPS://app.example.com/c": metadataOf,
      "https://app.example.com/c\u0000": metadataOf,
    };
    const fetchDocument = (url: string) =>
      Promise.resolve(new Response(bodies[url]?.(url) ?? metadataOf(url)));
    await withServer({ fetchDocument }, async ({ issuer }) => {
      const answerTo = async (id: string) => {
        const url = authorizeUrl(issuer, id, { redirect_uri: "http://localhost/callback" });
        const response = await new Browser(issuer).open(url);
        await response.body?.cancel();
        return [response.status, response.headers.has("location")];
      };
      assertEquals(await answerTo("https://app.example.com/c"), [303, true]);
      const accepted = [];
      for (const id of Object.keys(bodies)) if ((await answerTo(id))[0] !== 400) accepted.push(id);
      assertEquals(accepted, []);
    });
  },
);
