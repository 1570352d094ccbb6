/** For each check of an endpoint a fault that it must find, injected into our own server. */

import { documentsFaults } from "./faults_documents.ts";
import { messagesFaults } from "./faults_messages.ts";
import { namesFaults } from "./faults_names.ts";
import { refusalFaults } from "./faults_refusal.ts";
import { tokensFaults } from "./faults_tokens.ts";
import { toolsFaults } from "./faults_tools.ts";
import type { Faults, Target } from "./scene.ts";

export function faultsOf(target: Target): Faults {
  return {
    ...refusalFaults(target),
    ...documentsFaults,
    ...tokensFaults(target),
    ...namesFaults(target),
    ...messagesFaults,
    ...toolsFaults(target),
  };
}
