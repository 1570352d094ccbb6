/** Makes a secret for the client of an environment; its answer is the only place where it ever stands in clear. */

import { z } from "zod";
import { newClientSecret } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

const DAY_MS = 86_400_000;

export default defineTool({
  name: "create_environment_client_secret",
  title: "Create environment client secret",
  description:
    "Makes another secret for the client of an environment and returns it in clear, once: it is stored as a hash, " +
    "and no later call shows it. Whoever has it can act as the applications of the environment, so put it straight " +
    "where it belongs, repeat it nowhere else, and call this only when a person asked for it. Secrets that exist go " +
    "on working: for a rotation create one, bring it to the applications, and end the old one with " +
    "revoke_environment_client_secret. A lost answer cannot be had again: revoke that secret and create another. " +
    "Errors: conflict, there are ten secrets: revoke one first; not_found, there is no such environment.",
  effect: "create",
  scopes: ["env:write"],
  cost: 5,
  input: z.strictObject({
    environmentId,
    expiresInDays: z.int().min(1).max(3650)
      .describe("After how many days it ends by itself; leave out for a secret that does not")
      .optional(),
  }),
  audit: { clear: ["environmentId", "expiresInDays"] },
  output: newClientSecret,
  async handle({ environmentId, expiresInDays }, { workspace, now }) {
    const expireTime = expiresInDays === undefined
      ? undefined
      : new Date(now().getTime() + expiresInDays * DAY_MS).toISOString();
    const { plainSecret, ...secret } = await workspace
      .createEnvironmentClientSecret(environmentId, { expireTime });
    return { secret: plainSecret, ...secret };
  },
});
