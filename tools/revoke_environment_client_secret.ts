/** Ends a secret of the client of an environment. */

import { z } from "zod";
import { AppError } from "../errors.ts";
import { clientSecret, nameEnvironment } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId, id } from "./shapes.ts";

export default defineTool({
  name: "revoke_environment_client_secret",
  title: "Revoke environment client secret",
  description:
    "Deletes a secret of the client of an environment, for good: applications that use it get no more tokens with " +
    "it. Use it when a secret leaked, or at the end of a rotation, once the applications have the new secret of " +
    "create_environment_client_secret. Take secretId from get_environment_credentials and tell secrets apart by " +
    "their last four characters. Returns the secret's description as it was, never the secret. " +
    "The error not_found means that the client of this environment has no such secret: it was revoked before, or " +
    "it belongs to another environment.",
  effect: "delete",
  scopes: ["env:write"],
  cost: 5,
  input: z.strictObject({
    environmentId,
    secretId: id("sks", "get_environment_credentials")
      .describe("Id of the secret, from get_environment_credentials"),
  }),
  audit: { clear: ["environmentId", "secretId"] },
  output: clientSecret,
  async confirm({ environmentId, secretId }, { workspace }) {
    const { clientId, secrets } = await workspace.getEnvironmentClient(environmentId);
    const secret = secrets.find(({ id }) => id === secretId);
    if (secret === undefined) throw noSuchSecret();
    const others = secrets.filter(({ id, status }) => id !== secretId && status === "ACTIVE");
    const environment = await nameEnvironment(workspace, environmentId);
    return `Revoke the secret that ends in ${secret.secretSuffix} (${secret.id}, created ${secret.createTime}) of ` +
      `the client ${clientId} of the environment ${environment}? Applications that use it get no more tokens. ` +
      (others.length === 0
        ? "No other active secret is left: nothing can use this client until one is created."
        : `Other active secrets that go on working: ${others.length}.`);
  },
  handle: ({ environmentId, secretId }, { workspace }) =>
    workspace.deleteEnvironmentClientSecret(environmentId, secretId),
});

function noSuchSecret(): AppError {
  return new AppError(
    "not_found",
    "The client of the environment has no secret of this id; get_environment_credentials lists them",
    { reason: "client_secret" },
  );
}
