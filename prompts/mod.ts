/** The manifest: every prompt that this server offers, one import a prompt. */

import auditAccess from "./audit_access.ts";
import offboardPerson from "./offboard_person.ts";
import onboardCustomer from "./onboard_customer.ts";
import type { AnyPromptDefinition } from "./registry.ts";

/** A value, and not imports for their effect alone, which a bundler may drop without a word. */
export const prompts: readonly AnyPromptDefinition[] = Object.freeze([
  auditAccess,
  offboardPerson,
  onboardCustomer,
]);
