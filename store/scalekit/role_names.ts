/** Says which role a call named that the environment does not have. */

import { AppError } from "../../errors.ts";
import type { Api } from "./api.ts";
import { notThere } from "./context.ts";
import { roleNamesIn } from "./user_values.ts";

/** How many of the known roles a message names. */
const MOST_NAMED = 20;
const MOST_CHARACTERS = 64;

/** Returns a better error than theirs where a role is unknown, and theirs otherwise. */
export async function explainUnknownRoles(
  api: Api,
  given: readonly string[],
  error: AppError,
): Promise<AppError> {
  const known = roleNamesIn(await api.call({ method: "GET", path: "/roles", missing: notThere }));
  const unknown = given.find((role) => !known.includes(role));
  if (unknown === undefined) return error;
  const names = known.filter((name) => /^\w{1,64}$/.test(name)).slice(0, MOST_NAMED).join(", ");
  return new AppError(
    "invalid_input",
    `The environment has no role ${JSON.stringify(unknown.slice(0, MOST_CHARACTERS))}; ` +
      `choose among ${names}, or create the role first`,
    { reason: "role_unknown", ...(error.details && { details: error.details }) },
  );
}
