/** The real program in front of the Scalekit API, or of what stands in for it here, on both runtimes. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { INJECTION, startScalekit } from "../store/scalekit/server.ts";
import { needs, program, run, startProcess, withDirectory } from "../support/process.ts";
import { startIssuer } from "../support/server.ts";
import { callTool } from "./wire.ts";

const AUDIENCE = "https://mcp.example.com/mcp";

for (const runtime of ["deno", "bun"] as const) {
  const options = { ...needs(runtime), timeout: 120_000 };

  test(
    `${runtime}: tools work on the API with the server's own token, never the caller's`,
    options,
    () =>
      withDirectory(async (cwd) => {
        const scalekit = await startScalekit();
        const issuer = await startIssuer(AUDIENCE, "env:read org:write");
        const { clientSecret, ...environment } = scalekit.environment;
        const environments = [{ ...environment, clientSecretEnv: "GATEHOUSE_SECRET_DEV" }];
        await writeFile(
          join(cwd, "config.json"),
          JSON.stringify({ store: { kind: "scalekit", environments } }),
        );
        const env = {
          GATEHOUSE_CONFIG: "config.json",
          GATEHOUSE_STORE: "scalekit:",
          GATEHOUSE_SECRET_DEV: clientSecret,
          GATEHOUSE_ISSUER: issuer.issuer,
          GATEHOUSE_JWKS_URI: issuer.jwksUri,
          GATEHOUSE_AUDIENCE: AUDIENCE,
        };
        const server = await startProcess({ runtime, cwd, env });
        try {
          const token = await issuer.token();
          const call = async (name: string, input: Record<string, unknown> = {}) =>
            await (await callTool(server.url, name, { token, input })).text();
          const environmentId = environment.id;
          assertStringIncludes(await call("list_environments"), environmentId);
          const made = await call("create_organization", { environmentId, displayName: "Acme" });
          assertStringIncludes(made, "Acme");
          const [organizationId] = [...scalekit.state.organizations.keys()];
          const user = { email: "kim@example.com", roles: ["member"] };
          const ids = { environmentId, organizationId };
          await call("create_organization_user", { ...ids, ...user });
          assertStringIncludes(await call("list_organization_users", ids), "kim@example.com");

          const refused = [
            await call("create_organization_user", { ...ids, ...user, roles: ["nobody"] }),
            await call("get_organization_details", { environmentId, organizationId: "org_0" }),
          ];
          scalekit.misbehave({ status: 500, raw: JSON.stringify({ message: INJECTION }) }, 4);
          refused.push(await call("list_organizations", { environmentId }));
          for (const answer of refused) {
            assertStringIncludes(answer, '"isError":true');
            assertFalse(/previous instructions/.test(answer), answer);
          }
          assertStringIncludes(refused[0]!, "admin, member");

          assert(scalekit.requests.length > 5);
          // No part of the caller's token, not even its claims, in any form.
          const sent = JSON.stringify(scalekit.requests);
          for (const part of token.split(".")) assertFalse(sent.includes(part));
          assertEquals(scalekit.tokens, 1);
          const written = server.stdout + server.stderr;
          for (const secret of [clientSecret, "their.", INJECTION, token]) {
            assertFalse(written.includes(secret), secret);
          }
          assertStringIncludes(server.stdout, `Scalekit, ${environmentId} at 127.0.0.1:`);
          // What is not the workspace is here.
          const clients = await run([...program(runtime), "clients", "list", "--json"], {
            cwd,
            env: { GATEHOUSE_CONFIG: "config.json", GATEHOUSE_SECRET_DEV: clientSecret },
          });
          assertEquals([clients.code, clients.stderr], [0, ""]);
        } finally {
          assertEquals(await server.stop(), 0);
          await issuer.stop();
          await scalekit.close();
        }
      }),
  );
}
