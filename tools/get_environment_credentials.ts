/** Returns what an application needs to use an environment, but for the secret itself. */

import { z } from "zod";
import type { Environment } from "../store/workspace.ts";
import type { EnvironmentClient } from "../store/workspace/environment_client.ts";
import { clientSecret } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "get_environment_credentials",
  title: "Get environment credentials",
  description:
    "Returns what an application needs to use one environment: its URL, the client id, and a .env block to copy, in " +
    "which a placeholder stands for the secret. Secrets are listed with their last four characters, status and " +
    "times; a secret itself cannot be read, by nobody: where it is lost, create_environment_client_secret makes " +
    "another one and revoke_environment_client_secret ends the old one. Take environmentId from list_environments, " +
    "and check whether development or production is meant. " +
    "The error not_found means that the workspace has no such environment.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({ environmentId }),
  audit: { clear: ["environmentId"] },
  output: z.object({
    environmentId: z.string(),
    environmentUrl: z.string().describe("Where applications send people to sign in"),
    clientId: z.string(),
    secrets: z.array(clientSecret).readonly().describe("Oldest first; at most ten"),
    dotenv: z.string().describe("Lines for a .env file; the secret has to be filled in by hand"),
  }),
  async handle({ environmentId }, { workspace }) {
    const environment = await workspace.getEnvironment(environmentId);
    const client = await workspace.getEnvironmentClient(environmentId);
    const environmentUrl = urlOf(environment);
    return {
      environmentId,
      environmentUrl,
      clientId: client.clientId,
      secrets: client.secrets,
      dotenv: dotenvOf(environmentUrl, client),
    };
  },
});

function urlOf({ domain, customDomain, customDomainStatus }: Environment): string {
  return `https://${customDomainStatus === "ACTIVE" ? customDomain ?? domain : domain}`;
}

function dotenvOf(environmentUrl: string, { clientId, secrets }: EnvironmentClient): string {
  const usable = secrets.filter(({ status }) => status === "ACTIVE")
    .map(({ secretSuffix }) => `...${secretSuffix}`);
  return [
    `ENVIRONMENT_URL=${environmentUrl}`,
    `CLIENT_ID=${clientId}`,
    usable.length > 0
      ? `# the secret that ends in ${usable.join(" or ")}`
      : "# there is no active secret; create one",
    "CLIENT_SECRET=fill-in-the-secret",
    "",
  ].join("\n");
}
