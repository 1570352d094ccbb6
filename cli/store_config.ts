/** What the configuration may say about the store: a location, or the Scalekit environments that are the workspace. */

import { z } from "zod";
import { isSecureUrl } from "../auth/fetch_json.ts";
import { AppError } from "../errors.ts";
import { readLocation } from "../store/mod.ts";

/** A location that stands for the Scalekit environments of the configuration file. */
export const FROM_FILE = "scalekit:";

/** Variables that may hold a secret which the file does not; each one is named by it. */
const SECRET_VARIABLE = /^GATEHOUSE_SECRET_[A-Z0-9_]{1,48}$/;

const DEFAULT_LOCATION = "sqlite:gatehouse.db";

const location = z.string().superRefine(requireLocation);

const environment = z.strictObject({
  id: z.string().regex(/^env_[A-Za-z0-9]{1,28}$/, "must be env_ and up to 28 letters or digits"),
  baseUrl: z.string().refine(isSecureUrl, "must be an https URL (http on loopback only)")
    .refine(isOrigin, "must be an origin: scheme, host and port, no path"),
  clientId: z.string().min(1).max(256),
  clientSecret: z.string({
    error: "must be the secret of the client; or name a variable in clientSecretEnv",
  }).min(1).max(1024),
  displayName: z.string().min(1).max(200).optional(),
  type: z.enum(["DEV", "PRD"]).optional(),
  regionCode: z.enum(["US", "EU"]).optional(),
});

const scalekit = z.strictObject({
  kind: z.literal("scalekit"),
  environments: z.array(environment).min(1).max(100).refine(
    (all) => new Set(all.map(({ id }) => id)).size === all.length,
    "must each have an id of its own",
  ),
  /** Holds everything that is not the workspace. */
  local: location.default(DEFAULT_LOCATION),
}, {
  error: ({ code }) =>
    code === "invalid_type" ? 'must be a location, or an object of the kind "scalekit"' : undefined,
});

export interface StoreConfig {
  readonly local: string;
  readonly environments?: z.output<typeof environment>[];
}

/** A text is the location of a store that has the workspace too; each form has the messages of its own, which a union lacks. */
export const storeSchema = z.unknown().transform((value, context): StoreConfig => {
  const parsed = typeof value === "string"
    ? location.transform((local) => ({ local })).safeParse(value)
    : scalekit.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) {
    context.addIssue({ code: "custom", path: [...path], message });
  }
  return z.NEVER;
}).prefault(DEFAULT_LOCATION);

/**
 * Puts the value of a variable in the place of `clientSecretEnv`, and returns the names of the variables.
 *
 * What is wrong is added to the problems; the schema sees a file that never named one.
 */
export function takeSecrets(
  store: unknown,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): ReadonlySet<string> {
  const names = new Set<string>();
  const environments: unknown = Object(store)["environments"];
  for (const [index, item] of (Array.isArray(environments) ? environments : []).entries()) {
    const name: unknown = Object(item)["clientSecretEnv"];
    if (name === undefined) continue;
    const at = `store.environments.${index}.clientSecretEnv`;
    delete item["clientSecretEnv"];
    if (typeof name !== "string" || !SECRET_VARIABLE.test(name)) {
      problems.push(`${at}: must be a variable such as GATEHOUSE_SECRET_PRODUCTION`);
    } else if (item["clientSecret"] !== undefined) {
      problems.push(`${at}: is given beside clientSecret; give one of them`);
    } else if (!env[name]?.trim()) {
      problems.push(`${at}: the variable ${name} is not set`);
      item["clientSecret"] = "missing";
    } else {
      item["clientSecret"] = env[name].trim();
    }
    if (typeof name === "string") names.add(name);
  }
  return names;
}

/** Says what is wrong with the location of the store, in words that do not repeat it. */
function requireLocation(location: string, context: z.RefinementCtx): void {
  try {
    readLocation(location);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
  }
}

export function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).pathname === "/" && !/[?#]/.test(text);
}
