/** What `serve` prints: where the server is, and the three things a person does next. */

import { mcpRemoteConfig } from "../http/pages/connect.ts";
import { describeLocation } from "../store/mod.ts";
import type { ScalekitSettings } from "../store/scalekit/settings.ts";
import type { App } from "./app.ts";
import { columns } from "./command.ts";
import type { Config } from "./config_schema.ts";
import { NAME, programWords, VERSION } from "./version.ts";

/** Returns the text for the terminal. */
export function banner(config: Config, app: App, operatorPort?: number): string {
  const words = programWords();
  const embedded = app.authorizationServer !== undefined;
  const facts = [
    ["MCP", app.resource],
    ["Page", `${config.url}/`],
    ["Issuer", app.issuers.join(", ") + (embedded ? "  (embedded)" : "")],
    ["Store", describeLocation(config.store)],
    ...(config.scalekit ? [["Workspace", describeWorkspace(config.scalekit)]] : []),
    ["Tools", String(app.registry.tools.length)],
    ...(operatorPort === undefined
      ? []
      : [["Operator", `http://127.0.0.1:${operatorPort}/metrics`]]),
  ];
  const next = embedded
    ? [
      ["Call a tool", `${words} call list_environments`],
      ["Add a client", `${words} clients add NAME --scopes "env:read org:read"`],
      ["Get a token", `${words} token`],
    ]
    : [["Call a tool", `${words} call list_environments --client-id ID --client-secret SECRET`]];
  const desktop = JSON.stringify(mcpRemoteConfig(app.resource), null, 2)
    .split("\n").map((line) => `  ${line}`).join("\n");
  return [
    `${NAME} ${VERSION}`,
    "",
    columns(facts),
    "",
    columns(next),
    "",
    "  Desktop agent (claude_desktop_config.json)",
    desktop,
    "",
  ].join("\n");
}

/** What is asked of Scalekit, without the credentials for it. */
function describeWorkspace({ environments }: ScalekitSettings): string {
  return `Scalekit, ${
    environments.map(({ id, baseUrl }) => `${id} at ${new URL(baseUrl).host}`).join(", ")
  }`;
}
