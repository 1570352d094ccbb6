import { test } from "node:test";
import { GROUPS } from "../../../cli/doctor/checks.ts";
import { assertEquals, assertFalse } from "@std/assert";
import { examine, withTarget } from "./scene.ts";
import { faultsOf } from "./faults.ts";

/** The checks of this group have servers of their own, with certificates. */
const OTHER_TESTS = "tls";
/** Bun answers these before our code sees them: it drops a foreign authority, and refuses a request without a Host. */
const DECIDED_BY_BUN = new Set("Bun" in globalThis ? ["host-target", "host-missing"] : []);
/** A check that looks at what others were answered runs after them. */
const AFTER: Readonly<Record<string, string>> = {
  "leak-tokens": "token-accepted,leak-tokens",
  "leak-echo": "origin-foreign,leak-echo",
};

test("every check of an endpoint finds the fault that it is there for, and passes without it", () =>
  withTarget(async (target) => {
    const faults = faultsOf(target);
    const ids = GROUPS.filter(({ id }) => id !== OTHER_TESTS)
      .flatMap(({ checks }) => checks.map(({ id }) => id));
    assertEquals(Object.keys(faults).sort(), [...ids].sort(), "each check has a fault");
    const wrong: unknown[] = [];
    for (const id of ids.filter((id) => !DECIDED_BY_BUN.has(id))) {
      for (const { status, seen, tokens, ...fault } of faults[id]!) {
        const given = tokens === "none" ? [] : [target.full, target.low];
        const only = ["--only", AFTER[id] ?? id, "--timeout", "2"];
        target.setFault({});
        const sound = (await examine(target.url, only, given)).result(id);
        target.setFault(fault);
        const { finished, result } = await examine(target.url, only, given);
        const found = result(id);
        assertFalse(finished.out.includes(target.full) || finished.out.includes(target.low), id);
        const right = sound.status === "pass" && found.status === status &&
          seen.test(found.seen ?? "") && (status === "warn" || finished.code === 1);
        if (!right) wrong.push({ sound, found, status, code: finished.code });
      }
    }
    assertEquals(wrong, []);
  }));
