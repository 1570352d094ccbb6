/** The generators and groups H-H to H-J for `deno task hostile`: each on a server of its own, of the real program. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { PUBLIC_CLIENT } from "../auth/embedded/support.ts";
import { startProcess, withDirectory } from "../support/process.ts";
import type { Runtime } from "../support/process.ts";
import { ENVIRONMENT, ORGANIZATION } from "./cases_tools.ts";
import { createContext, seconds, WRITING } from "./context.ts";
import { createBench } from "./dpop_bench.ts";
import { DPOP_CASES, NONCE_CASES } from "./dpop_cases.ts";
import { present, runDpopCase } from "./dpop_run.ts";
import { written } from "./draft.ts";
import { readJson } from "./forms.ts";
import { fuzz } from "./generators_fuzz.ts";
import { JWT_MATRIX } from "./generators_jwt_cases.ts";
import { attempts, SCOPE_CLAIMS, verdictOn } from "./generators_policy.ts";
import { initOf, verdictIn } from "./generators_policy_run.ts";
import type { Tokens } from "./generators_policy_run.ts";
import { seedFrom } from "./generators_tokens.ts";
import { compareWithOracle } from "./generators_verifier.ts";
import { faultsOfLog } from "./invariants.ts";
import { KEYS } from "./keys.ts";
import { exchange } from "./raw.ts";
import { SERVER_CASES } from "./server_cases.ts";
import type { Failure, Group, Score } from "./suite.ts";
import { recordsIn, startTarget } from "./target.ts";
import type { Target, TargetOptions } from "./target.ts";

/** A part of the run that needs a server of its own. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  run(runtime: Runtime): Promise<Score>;
}

/** Generated cases that share the server of the written ones. */
export const GENERATED: readonly Group[] = [
  { name: "G-1", title: "JWT matrix, each field in each shape", cases: JWT_MATRIX },
];

export const SUITES: readonly Suite[] = [
  { name: "H-H", title: "DPoP proofs, in three modes", run: runProofs },
  { name: "H-J", title: "The embedded authorization server, raw", run: runServer },
  { name: "G-2", title: "oauth4webapi on every token, in this process", run: runOracle },
  { name: "G-3", title: "Revision, method, tool and token", run: runPolicy },
  { name: "G-4", title: "Damaged requests, 8 seconds", run: runFuzz },
];

function scoreOf(group: string, total: number, failures: readonly Failure[]): Score {
  return { group, total, passed: total - failures.length, failures, exceptions: [] };
}

function failure(id: string, name: string, ...problems: readonly string[]): Failure {
  return { id, name, problems };
}

async function withTarget<T>(
  options: TargetOptions,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  const target = await startTarget(options);
  try {
    return await work(target);
  } finally {
    await target.stop();
  }
}

async function runProofs(runtime: Runtime): Promise<Score> {
  const failures: Failure[] = [];
  let total = 0;
  for (const [dpop, dpopNonce] of [["optional", false], ["required", false], ["required", true]]) {
    await withTarget({ runtime, issuer: { dpop, dpopNonce } }, async (target) => {
      const bench = (nonce?: string) =>
        createBench({
          url: target.resource,
          now: seconds,
          nonce,
          sign: (claims) => createContext(target).token({ claims }),
        });
      const asking = bench();
      const token = asking.token();
      const sent = { authorization: `DPoP ${token}`, proofs: [asking.proof(token)] };
      const nonce = (await present(target, sent))?.header("dpop-nonce");
      for (const item of dpopNonce ? [...DPOP_CASES, ...NONCE_CASES] : DPOP_CASES) {
        total += 1;
        const fault = await runDpopCase(item, bench(nonce), target);
        if (fault !== undefined) failures.push(failure(item.id, `${dpop} ${item.name}`, fault));
      }
      failures.push(...logFailures("H-H", target));
    });
  }
  return scoreOf("H-H", total, failures);
}

/** One failure for everything in a log that should not be there. */
function logFailures(id: string, target: Target): readonly Failure[] {
  const faults = faultsOfLog(target.log(), []);
  return faults.length === 0 ? [] : [failure(id, "the log", ...faults.slice(0, 5))];
}

async function runServer(runtime: Runtime): Promise<Score> {
  const failures: Failure[] = [];
  await withDirectory(async (directory) => {
    const server = await startProcess({
      runtime,
      env: { GATEHOUSE_STORE: `sqlite:${join(directory, "gatehouse.db")}` },
    });
    try {
      const keys = JSON.parse(await readFile(join(directory, "gatehouse.keys.json"), "utf8"));
      const registered = await fetch(`${server.issuer}/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(PUBLIC_CLIENT),
      });
      const { host, port } = new URL(server.issuer);
      const bench = {
        host,
        ...keys.cliClient,
        publicClientId: (await registered.json()).client_id,
      };
      for (const item of SERVER_CASES) {
        const outcome = await exchange([written(item.request(bench))], { port: Number(port) });
        const [response] = outcome.responses;
        const got = [response?.status, response && (readJson(response)?.["error"] ?? "")];
        if (String(got) !== String(item.expect)) {
          failures.push(failure(item.id, item.name, `${got} instead of ${item.expect}`));
        }
      }
    } finally {
      await server.stop();
    }
  });
  return scoreOf("H-J", SERVER_CASES.length, failures);
}

let compared: Promise<Score> | undefined;

/** It runs in this process, so once is enough. */
function runOracle(): Promise<Score> {
  compared ??= compareWithOracle({ seed: seed(), brief: false, random: 20_000 })
    .then(({ asked, unexplained, stale }) =>
      scoreOf("G-2", asked, [
        ...unexplained.map((what) => failure("G-2", what, `HOSTILE_SEED=${seed()}`)),
        ...stale.map((what) => failure("G-2", what, "a disagreement that is no more")),
      ])
    );
  return compared;
}

let chosen: number | undefined;

/** The seed of this run, told once. */
function seed(): number {
  if (chosen === undefined) {
    chosen = seedFrom(process.env);
    console.log(`HOSTILE_SEED=${chosen}`);
  }
  return chosen;
}

function runPolicy(runtime: Runtime): Promise<Score> {
  return withTarget({ runtime }, async (target) => {
    const context = createContext(target);
    const scoped = (scope: string | undefined) => context.token({ claims: { scope } });
    const tokens: Tokens = {
      "no token": undefined,
      "invalid token": context.token({ key: KEYS.attacker }),
      "no scopes": scoped(SCOPE_CLAIMS["no scopes"]),
      "read scopes": scoped(SCOPE_CLAIMS["read scopes"]),
      "all scopes": scoped(SCOPE_CLAIMS["all scopes"]),
    };
    // Of the first workspace: a tool has a result for any id, and a resource only where there is one.
    const targets = { environmentId: ENVIRONMENT, organizationId: ORGANIZATION };
    const all = [...attempts()];
    const failures: Failure[] = [];
    for (const [unique, attempt] of all.entries()) {
      const init = initOf(attempt, tokens, targets, unique);
      const verdict = await verdictIn(await fetch(target.resource, init));
      const expected = verdictOn(attempt);
      if (JSON.stringify(verdict) === JSON.stringify(expected)) continue;
      const { era, credential, method, tool = attempt.named ?? "" } = attempt;
      failures.push(
        failure(
          "G-3",
          `${era} ${credential} ${method} ${tool}`,
          `${JSON.stringify(verdict)} instead of ${JSON.stringify(expected)}`,
        ),
      );
    }
    return scoreOf("G-3", all.length, [...failures, ...logFailures("G-3", target)]);
  });
}

function runFuzz(runtime: Runtime): Promise<Score> {
  return withTarget({ runtime }, async (target) => {
    const token = createContext(target).token({ claims: { scope: "env:read org:read" } });
    const report = await fuzz({
      port: target.port,
      host: target.host,
      token,
      secrets: [token.split(".")[2]!],
      alive: target.alive,
    }, { seed: seed(), milliseconds: 8000 });
    const failures = report.failures.map(({ what, request }) =>
      failure("G-4", what, `HOSTILE_SEED=${report.seed}`, JSON.stringify(request))
    );
    const records = recordsIn(target.log());
    const failed = records.filter(({ decision, tool, status }) =>
      decision === "fail" || tool === WRITING && status === 200
    );
    failures.push(...failed.map((record) => failure("G-4", "a record", JSON.stringify(record))));
    console.log(`${runtime} G-4 ${JSON.stringify(report.statuses)}`);
    return scoreOf("G-4", report.sent, [...failures, ...logFailures("G-4", target)]);
  });
}
