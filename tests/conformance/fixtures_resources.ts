/** Fixture resources, a resource template, and subscriptions as the 2025 revisions have them. */

import { ResourceTemplate } from "@modelcontextprotocol/server";
import type { McpServer } from "@modelcontextprotocol/server";
import { PNG } from "./fixtures_content.ts";

const TEXTS: Readonly<Record<string, string>> = {
  "test://static-text": "Text that never changes.",
  "test://watched-resource": "Text that a caller may subscribe to.",
};

export function registerResources(server: McpServer): void {
  for (const [address, text] of Object.entries(TEXTS)) {
    server.registerResource(
      address.slice("test://".length),
      address,
      { description: "A text", mimeType: "text/plain" },
      ({ href: uri }) => ({ contents: [{ uri, mimeType: "text/plain", text }] }),
    );
  }
  server.registerResource(
    "static-binary",
    "test://static-binary",
    { description: "An image", mimeType: "image/png" },
    ({ href: uri }) => ({ contents: [{ uri, mimeType: "image/png", blob: PNG }] }),
  );
  server.registerResource(
    "template",
    new ResourceTemplate("test://template/{id}/data", { list: undefined }),
    { description: "A record by its id", mimeType: "application/json" },
    ({ href: uri }, { id }) => ({
      contents: [{ uri, mimeType: "application/json", text: JSON.stringify({ id }) }],
    }),
  );
  // There is no channel for updates without a protocol session, so accepting is all there is to do.
  server.server.setRequestHandler("resources/subscribe", () => ({}));
  server.server.setRequestHandler("resources/unsubscribe", () => ({}));
}
