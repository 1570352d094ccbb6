import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dropSchemasAfter, needsPostgres, newLocation } from "../support/postgres.ts";
import type { RunningServer } from "../support/server.ts";
import { createBench } from "./dpop_bench.ts";
import type { Bench, BenchOptions } from "./dpop_bench.ts";
import { DPOP_CASES, NONCE_CASES } from "./dpop_cases.ts";
import { present, runDpopCase } from "./dpop_run.ts";
import { oracleAccepts, OURS_STRICTER } from "./dpop_oracle.ts";
import { readJson } from "./forms.ts";
import { withScene } from "./generators_scene.ts";
import type { Scene, SceneOptions } from "./generators_scene.ts";

dropSchemasAfter();

interface DpopScene extends Scene {
  readonly endpoint: { readonly port: number; readonly host: string };
  bench(changes?: Partial<BenchOptions>): Bench;
  /** A nonce of the server at a port, from the refusal of a proof without one. */
  freshNonce(port?: number): Promise<string | undefined>;
  /** The error of the answer to a bound token with a proof, or 200. */
  answerTo(authorization: string, proof: string, port?: number): Promise<unknown>;
}

function withDpop(
  dpop: "optional" | "required",
  dpopNonce: boolean,
  work: (scene: DpopScene) => Promise<void>,
  options: SceneOptions = {},
): Promise<void> {
  return withScene({ ...options, issuer: { dpop, dpopNonce } }, async (scene) => {
    const { forge, url } = scene;
    const endpoint = { port: scene.server.port, host: new URL(url).host };
    const bench = (changes: Partial<BenchOptions> = {}) =>
      createBench({ url, now: forge.now, sign: (claims) => forge.token({ claims }), ...changes });
    await work({
      ...scene,
      endpoint,
      bench,
      async freshNonce(port = endpoint.port) {
        const asking = bench();
        const token = asking.token();
        const sent = { authorization: `DPoP ${token}`, proofs: [asking.proof(token)] };
        return (await present({ ...endpoint, port }, sent))?.header("dpop-nonce");
      },
      async answerTo(authorization, proof, port = endpoint.port) {
        const response = await present({ ...endpoint, port }, { authorization, proofs: [proof] });
        return response?.status === 200 ? 200 : response && readJson(response)?.["error"];
      },
    });
  });
}

for (
  const [dpop, nonce] of [["optional", false], ["required", false], ["required", true]] as const
) {
  const mode = `where bound tokens are ${dpop}${nonce ? ", with a nonce" : ""}`;
  test(`each wrong proof is refused as RFC 9449 has it ${mode} (H198-H215)`, () =>
    withDpop(dpop, nonce, async ({ endpoint, bench, freshNonce, server }) => {
      const nonceOfServer = await freshNonce();
      assertEquals(nonceOfServer !== undefined, nonce);
      const cases = nonce ? [...DPOP_CASES, ...NONCE_CASES] : DPOP_CASES;
      const faults: (string | undefined)[] = [];
      for (const item of cases) {
        faults.push(await runDpopCase(item, bench({ nonce: nonceOfServer }), endpoint));
      }
      assertEquals(faults.filter((fault) => fault !== undefined), []);
      assert(server.lines.every(({ message }) => message === "request"));
    }));
}

test("a bearer token without a binding is good where bound tokens are optional, and no use where they are required (H201)", async () => {
  for (const [dpop, expected] of [["optional", 200], ["required", "invalid_token"]] as const) {
    await withDpop(dpop, false, async ({ answerTo, bench, forge }) => {
      assertEquals(await answerTo(`Bearer ${forge.token()}`, "x"), expected);
      const { token, proof } = bench();
      const bound = token();
      assertEquals(await answerTo(`DPoP ${bound}`, proof(bound)), 200);
    });
  }
});

test("a proof is good once, for one token and one name of the server (H209, H210, H217)", () =>
  withDpop("required", false, async ({ answerTo, bench, endpoint }) => {
    const holder = bench();
    const [token, other] = [holder.token(), holder.token()];
    const proof = holder.proof(token);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => answerTo(`DPoP ${token}`, proof)),
    );
    assertEquals(answers.filter((answer) => answer === 200).length, 1, String(answers));
    assertEquals(await answerTo(`DPoP ${token}`, proof), "invalid_dpop_proof");
    assertEquals(await answerTo(`DPoP ${other}`, proof), "invalid_dpop_proof");
    assertEquals(await answerTo(`DPoP ${token}`, holder.proof(token)), 200);

    const named = { ...endpoint, host: `127.0.0.1:${endpoint.port}` };
    const url = `http://${named.host}/mcp`;
    const elsewhere = bench({ url, holder: holder.holder });
    const answerAt = async (proofs: readonly string[]) =>
      (await present(named, { authorization: `DPoP ${token}`, proofs }))?.status;
    assertEquals(await answerAt([holder.proof(token)]), 401);
    assertEquals(await answerAt([elsewhere.proof(token)]), 200);
  }));

test("a used proof is known after a restart and to another instance of the same store (H209)", () =>
  withDpop("required", false, async ({ answerTo, bench, directory, start, endpoint, server }) => {
    await server.stop();
    const shared = { GATEHOUSE_STORE: `sqlite:${join(directory, "gatehouse.db")}` };
    const { token, proof } = bench();
    const bound = token();
    const [first, second] = [proof(bound), proof(bound)];
    const running: RunningServer[] = [];
    try {
      running.push(await start(shared));
      assertEquals(await answerTo(`DPoP ${bound}`, first), 200);
      await running.pop()?.stop();

      running.push(await start(shared));
      assertEquals(await answerTo(`DPoP ${bound}`, first), "invalid_dpop_proof");
      // Behind a load balancer: another port, the same public name, the same file.
      running.push(
        await start({ ...shared, GATEHOUSE_PORT: "0", GATEHOUSE_URL: `http://${endpoint.host}` }),
      );
      const port = running[1]!.port;
      assertEquals(await answerTo(`DPoP ${bound}`, first, port), "invalid_dpop_proof");
      assertEquals(await answerTo(`DPoP ${bound}`, second, port), 200);
      assertEquals(await answerTo(`DPoP ${bound}`, second), "invalid_dpop_proof");
    } finally {
      await Promise.all(running.map((each) => each.stop()));
    }
  }));

test("a nonce is good for ten minutes at most, and only at the server that gave it (H212, H213)", async () => {
  let time = Date.now();
  await withDpop("required", true, async ({ answerTo, bench, freshNonce, start }) => {
    const nonce = await freshNonce();
    assertMatch(nonce!, /^[\w-]{43}$/);
    const answerWith = (nonce: string | undefined, port?: number) => {
      const { token, proof } = bench({ nonce });
      const bound = token();
      return answerTo(`DPoP ${bound}`, proof(bound), port);
    };
    assertEquals(await answerWith(nonce), 200);
    assertEquals(await answerWith(nonce), 200, "a nonce is for several proofs");
    const other = await start({ GATEHOUSE_PORT: "0" });
    try {
      const theirs = await freshNonce(other.port);
      assertEquals(await answerWith(theirs), "use_dpop_nonce");
    } finally {
      await other.stop();
    }
    time += 700_000;
    assertEquals(await answerWith(nonce), "use_dpop_nonce");
    assertEquals(await answerWith(await freshNonce()), 200);
    time -= 700_000;
    assertEquals(await answerWith(nonce), 200, "and the clock set back");
  }, { now: () => new Date(time) });
});

test(
  "a nonce of one instance is good at the others of its store",
  needsPostgres,
  () =>
    withDpop("required", true, async ({ answerTo, bench, endpoint, freshNonce, start }) => {
      const shared = {
        GATEHOUSE_PORT: "0",
        GATEHOUSE_URL: `http://${endpoint.host}`,
        GATEHOUSE_STORE: newLocation(),
      };
      const [one, other] = [await start(shared), await start(shared)];
      try {
        const { token, proof } = bench({ nonce: await freshNonce(one.port) });
        const bound = token();
        const sent = proof(bound);
        assertEquals(await answerTo(`DPoP ${bound}`, sent, other.port), 200);
        // And so is the memory of what was used.
        assertEquals(await answerTo(`DPoP ${bound}`, sent, one.port), "invalid_dpop_proof");
        assertEquals(await answerTo(`DPoP ${bound}`, proof(bound)), "use_dpop_nonce");
      } finally {
        await Promise.all([one.stop(), other.stop()]);
      }
    }),
);

test("a clock that moves makes proofs too old or too new, and never good twice (H216)", async () => {
  let time = Date.now();
  await withDpop("required", false, async ({ answerTo, bench, forge }) => {
    const exp = forge.now() + 3600;
    const holder = bench({
      sign: (claims) => forge.token({ claims: { iat: exp - 3600, exp, ...claims } }),
    });
    const token = holder.token();
    const [used, kept] = [holder.proof(token), holder.proof(token)];
    assertEquals(await answerTo(`DPoP ${token}`, used), 200);
    time += 301_000;
    assertEquals(await answerTo(`DPoP ${token}`, kept), "invalid_dpop_proof");
    const ahead = bench({ holder: holder.holder }).proof(token);
    time -= 301_000;
    assertEquals(await answerTo(`DPoP ${token}`, ahead), "invalid_dpop_proof");
    assertEquals(await answerTo(`DPoP ${token}`, used), "invalid_dpop_proof");
    assertEquals(await answerTo(`DPoP ${token}`, kept), 200);
    // The record of a used proof outlives every time at which it could be good again.
    for (const step of [299, 1]) {
      time += step * 1000;
      assertEquals(await answerTo(`DPoP ${token}`, used), "invalid_dpop_proof");
    }
  }, { now: () => new Date(time) });
});

test("oauth4webapi agrees on every proof but for the classified ones", () =>
  withDpop("optional", false, async ({ forge, bench }) => {
    const differing: string[] = [];
    for (const item of DPOP_CASES) {
      const accepted = await oracleAccepts(forge, item.build(bench()));
      const name = `${item.id} ${item.name}`;
      if (accepted !== (item.expect === "200")) {
        differing.push(accepted ? name : `only ours accepts ${name}`);
      }
    }
    assertEquals(differing, [...OURS_STRICTER.keys()]);
  }));
