/** The building blocks of input schemas: ids, names, addresses, pages; bounded as the workspace bounds them. */

import { z } from "zod";
import { AppError } from "../errors.ts";

// A published pattern is read by clients in many languages, so it keeps to what all their regex dialects share:
// \x escapes instead of \u and \p, no lookaround, no flags. None of them repeats an ambiguous group.

/** Starts and ends with a character that is neither a space nor a control, and has no control in between. */
// deno-lint-ignore no-control-regex -- refusing control characters is what it is for
const ONE_LINE = /^[^\x00-\x20\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f])?$/;
const NOTHING_OR_ONE_LINE =
  // deno-lint-ignore no-control-regex -- refusing control characters is what it is for
  /^([^\x00-\x20\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f])?)?$/;
// deno-lint-ignore no-control-regex -- refusing control characters is what it is for
const NO_CONTROLS = /^[^\x00-\x1f\x7f-\x9f]*$/;
/** RFC 5321 Mailbox without quoted strings and address literals. */
const EMAIL =
  /^[A-Za-z0-9!#$%&'*+\/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+\/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Zero-width fillers, line separators, bidirectional overrides, tag characters: the text shows other than it reads. */
const DECEPTIVE = /[\u200b\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;

const HIDDEN_CHARACTERS = {
  error: "Must not hold hidden characters that change how the text shows",
};

function showsAsItReads(text: string): boolean {
  return !DECEPTIVE.test(text);
}

/** An id of one kind of object, such as `org_` and up to 28 letters or digits; `source` names the tool that lists them. */
export function id(prefix: string, source: string) {
  return z.string()
    .regex(new RegExp(`^${prefix}_[A-Za-z0-9]{1,28}$`), {
      error: `Must be ${prefix}_ and up to 28 letters or digits; ${source} returns it`,
    })
    .meta({ examples: [`${prefix}_01EXAMPLE`] });
}

export const environmentId = id("env", "list_environments")
  .describe("Id of the environment, from list_environments");

export const organizationId = id("org", "list_organizations")
  .describe("Id of the organization, from list_organizations");

export const userId = id("usr", "list_organization_users")
  .describe("Id of the user, from list_organization_users or list_users");

export const memberId = id("mem", "list_workspace_members")
  .describe("Id of the workspace member, from list_workspace_members");

/** One line of text, 1 to `maxLength` characters, that shows as it reads. */
export function line(maxLength: number) {
  return z.string()
    .min(1)
    .max(maxLength)
    .regex(ONE_LINE, {
      error: "Must not be empty, start or end with a space, or hold control characters",
    })
    .refine(showsAsItReads, HIDDEN_CHARACTERS);
}

/** As `line()`, or the empty text, which removes what is there; `removal()` reads it. */
export function removableLine(maxLength: number) {
  return z.string()
    .max(maxLength)
    .regex(NOTHING_OR_ONE_LINE, {
      error: "Must not start or end with a space, or hold control characters",
    })
    .refine(showsAsItReads, HIDDEN_CHARACTERS);
}

/** The empty text as `null`, which is how the store takes a removal. */
export function removal(text: string | undefined): string | null | undefined {
  return text === "" ? null : text;
}

/**
 * Checks that an update names something to change; what a schema says of a whole object no client reads.
 *
 * @throws {AppError} `invalid_input` that names what can be changed.
 */
export function requireChange(
  changes: Readonly<Record<string, unknown>>,
  ...fields: readonly string[]
): void {
  if (fields.some((field) => changes[field] !== undefined)) return;
  throw new AppError("invalid_input", `Name at least one of ${fields.join(", ")} to change`, {
    reason: "no_change",
  });
}

export const email = z.string()
  .max(254)
  .regex(EMAIL, { error: "Must be an email address in ASCII, such as ada@example.com" })
  .meta({ description: "Email address", examples: ["ada@example.com"] });

export const externalId = line(200)
  .meta({
    description: "Your own id for the object; unique in the environment",
    examples: ["crm-1042"],
  });

/** Like `line()`, but it may be empty and start or end with a space. */
export function text(maxLength: number) {
  return z.string()
    .max(maxLength)
    .regex(NO_CONTROLS, { error: "Must not hold control characters" })
    .refine(showsAsItReads, HIDDEN_CHARACTERS);
}

const MAX_METADATA_PAIRS = 30;

export const metadata = z.record(line(64), text(256))
  .refine((pairs) => Object.keys(pairs).length <= MAX_METADATA_PAIRS, {
    error: `Must hold at most ${MAX_METADATA_PAIRS} pairs`,
  })
  .meta({
    description:
      "Text pairs to keep with the object: at most 30, key to 64 and value to 256 characters",
    maxProperties: MAX_METADATA_PAIRS,
  });

/** An array, of `minLength` to `maxLength` items, in which no two items have the same key. */
export function distinct<Item extends z.ZodType>(
  item: Item,
  limits: { readonly minLength: number; readonly maxLength: number },
  keyOf: (item: z.output<Item>) => unknown,
) {
  return z.array(item)
    .min(limits.minLength)
    .max(limits.maxLength)
    .refine((items) => new Set(items.map(keyOf)).size === items.length, {
      error: "Must not name the same thing twice",
    });
}

/** What is unique about a role in its environment. */
export const roleName = z.string()
  .regex(/^[A-Za-z0-9_]{1,64}$/, {
    error: "Must be a role name: up to 64 letters, digits or underscores",
  })
  .describe("Name of the role, from list_environment_roles")
  .meta({ examples: ["member"] });

/** What is unique about a scope in its environment. */
export const scopeName = z.string()
  .regex(/^[A-Za-z0-9:]{1,64}$/, {
    error: "Must be a scope name: up to 64 letters, digits or colons, such as invoice:read",
  })
  .describe("Name of the scope, from list_environment_scopes")
  .meta({ examples: ["invoice:read"] });

/** Whether an update names anything to change. */
export function changesSomething(fields: readonly string[]) {
  return [
    (input: Readonly<Record<string, unknown>>) =>
      fields.some((field) => input[field] !== undefined),
    { error: `Must name what to change: ${fields.join(" or ")}` },
  ] as const;
}

export const roleNames = distinct(roleName, { minLength: 1, maxLength: 10 }, (role) => role);

/** What a person brings when they join an organization. */
export const newUser = {
  email,
  roles: roleNames
    .describe("Names of the roles the user gets in the organization, from list_environment_roles"),
  externalId: externalId.optional(),
  givenName: line(200).meta({ description: "Given name", examples: ["Ada"] }).optional(),
  familyName: line(200).meta({ description: "Family name", examples: ["Lovelace"] }).optional(),
};

/** An instant as RFC 3339 has it. */
export const timestamp = z.string()
  .max(40)
  .regex(
    /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/,
    {
      error: "Must be a time such as 2026-01-31T08:00:00Z",
    },
  )
  .refine((text) => !Number.isNaN(Date.parse(text)), { error: "Must be a time that exists" })
  .meta({ examples: ["2026-01-31T08:00:00Z"] })
  .transform((text) => new Date(text).toISOString());

/** The arguments of every list. */
export const pageArguments = {
  pageSize: z.int().min(1).max(100).default(20).describe("How many to return at most"),
  pageToken: z.string()
    .max(1024)
    .regex(/^[\x21-\x7e]+$/, {
      error: "Must be the nextPageToken of the page before; leave it out for the first page",
    })
    .describe("nextPageToken of the page before; leave out for the first page")
    .optional(),
};
