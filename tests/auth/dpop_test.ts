import { createHash } from "node:crypto";
import { test } from "node:test";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from "jose";
import type { CryptoKey, JWK } from "jose";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createProofVerifier } from "../../auth/dpop.ts";
import type { ProofExpectation, ProofVerifier } from "../../auth/dpop.ts";
import { openStore } from "../../store/mod.ts";
import type { Store } from "../../store/mod.ts";

const NOW = 1_800_000_000;
const URL_ = "https://mcp.example.com/mcp";
const ACCESS_TOKEN = "access.token.value";

interface Bench {
  readonly verify: ProofVerifier;
  readonly store: Store;
  readonly jwk: JWK;
  readonly expected: ProofExpectation;
  proof(changes?: ProofChanges): Promise<string>;
}

interface ProofChanges {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: CryptoKey;
}

async function withBench(work: (bench: Bench) => Promise<void>, nonceRequired = false) {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(publicKey);
  const store = await openStore("sqlite::memory:", { now: () => new Date(NOW * 1000) });
  const bench: Bench = {
    store,
    jwk,
    verify: createProofVerifier({ replay: store.replay, nonceKey: new Uint8Array(32).fill(1) }),
    expected: {
      method: "POST",
      url: URL_,
      accessToken: ACCESS_TOKEN,
      thumbprint: await calculateJwkThumbprint(jwk, "sha256"),
      nonceRequired,
    },
    proof: ({ claims = {}, header = {}, key = privateKey } = {}) =>
      new SignJWT(clean({
        jti: crypto.randomUUID(),
        htm: "POST",
        htu: URL_,
        iat: NOW,
        ath: createHash("sha256").update(ACCESS_TOKEN).digest("base64url"),
        ...claims,
      })).setProtectedHeader(clean({ alg: "ES256", typ: "dpop+jwt", jwk, ...header }) as never)
        .sign(key),
  };
  try {
    await work(bench);
  } finally {
    await store.close();
  }
}

function clean(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

async function refusalOf(bench: Bench, proof: string | null, now = NOW): Promise<AppError> {
  return await assertRejects(() => bench.verify(proof, bench.expected, now), AppError);
}

test("createProofVerifier() takes a sound proof, once (H209, H217)", () =>
  withBench(async (bench) => {
    const proof = await bench.proof();
    await bench.verify(proof, bench.expected, NOW);
    const again = await refusalOf(bench, proof);
    assertEquals([again.code, again.reason], ["invalid_dpop_proof", "proof_replayed"]);
    await bench.verify(await bench.proof(), bench.expected, NOW);
  }));

test("createProofVerifier() knows a replay after a restart (H209)", () =>
  withBench(async (bench) => {
    const proof = await bench.proof();
    await bench.verify(proof, bench.expected, NOW);
    const restarted = createProofVerifier({
      replay: bench.store.replay,
      nonceKey: new Uint8Array(32),
    });
    const error = await assertRejects(() => restarted(proof, bench.expected, NOW), AppError);
    assertEquals(error.reason, "proof_replayed");
  }));

test("createProofVerifier() refuses each claim that does not hold (H206-H210)", () =>
  withBench(async (bench) => {
    const refused: [string, Record<string, unknown>][] = [
      ["proof_jti", { jti: undefined }],
      ["proof_jti", { jti: "" }],
      ["proof_jti", { jti: 1 }],
      ["proof_jti", { jti: "x".repeat(300) }],
      ["proof_htm", { htm: "GET" }],
      ["proof_htm", { htm: "post" }],
      ["proof_htm", { htm: undefined }],
      ["proof_htu", { htu: `${URL_}/` }],
      ["proof_htu", { htu: `${URL_}?x=1` }],
      ["proof_htu", { htu: `${URL_}#f` }],
      ["proof_htu", { htu: "http://mcp.example.com/mcp" }],
      ["proof_htu", { htu: "https://mcp.example.com:8443/mcp" }],
      ["proof_htu", { htu: "https://evil.example/mcp" }],
      ["proof_htu", { htu: undefined }],
      ["proof_iat", { iat: NOW - 301 }],
      ["proof_iat", { iat: NOW + 301 }],
      ["proof_iat", { iat: String(NOW) }],
      ["proof_iat", { iat: undefined }],
      ["proof_ath", { ath: undefined }],
      ["proof_ath", { ath: createHash("sha256").update("other").digest("base64url") }],
      ["proof_ath", { ath: createHash("sha256").update(ACCESS_TOKEN).digest("hex") }],
    ];
    for (const [reason, claims] of refused) {
      const error = await refusalOf(bench, await bench.proof({ claims }));
      assertEquals([error.code, error.reason], ["invalid_dpop_proof", reason]);
    }
    await bench.verify(await bench.proof({ claims: { iat: NOW - 300 } }), bench.expected, NOW);
  }));

test("createProofVerifier() refuses each header that does not hold (H202-H205, H214)", () =>
  withBench(async (bench) => {
    const other = await generateKeyPair("ES256", { extractable: true });
    const refused: [string, ProofChanges][] = [
      ["proof_typ", { header: { typ: undefined } }],
      ["proof_typ", { header: { typ: "JWT" } }],
      ["proof_typ", { header: { typ: "at+jwt" } }],
      ["proof_key", { header: { jwk: undefined } }],
      ["proof_key", { header: { jwk: { ...bench.jwk, d: "AAAA" } } }],
      ["proof_key", { header: { jwk: { kty: "oct", k: "AAAA" } } }],
      ["proof_header", { header: { jku: "https://evil.example/jwks" } }],
      ["proof_header", { header: { x5u: "https://evil.example/cert" } }],
      ["proof_signature", { key: other.privateKey }],
    ];
    for (const [reason, changes] of refused) {
      const error = await refusalOf(bench, await bench.proof(changes));
      assertEquals([error.code, error.reason], ["invalid_dpop_proof", reason]);
    }
  }));

test("createProofVerifier() refuses what is not one proof (H198, H199, H203, H215)", () =>
  withBench(async (bench) => {
    const proof = await bench.proof();
    const [, payload, signature] = proof.split(".");
    const unsigned = btoa(JSON.stringify({ alg: "none", typ: "dpop+jwt", jwk: bench.jwk }))
      .replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
    const bad = [
      null,
      "",
      `${proof}, ${proof}`,
      "a".repeat(65_536),
      "...",
      "undefined",
      `${unsigned}.${payload}.${signature}`,
      `${unsigned}.${payload}.`,
    ];
    for (const text of bad) {
      assertEquals((await refusalOf(bench, text)).code, "invalid_dpop_proof", String(text));
    }
  }));

test("createProofVerifier() refuses a proof of another key than the token's (H211)", () =>
  withBench(async (bench) => {
    const other = await generateKeyPair("ES256", { extractable: true });
    const proof = await bench.proof({
      key: other.privateKey,
      header: { jwk: await exportJWK(other.publicKey) },
    });
    const error = await refusalOf(bench, proof);
    assertEquals([error.code, error.reason], ["invalid_token", "proof_of_another_key"]);
  }));

test("createProofVerifier() demands a nonce of ours, for ten minutes at most (H212, H213)", () =>
  withBench(async (bench) => {
    const ask = async (nonce: unknown, now = NOW) =>
      await refusalOf(bench, await bench.proof({ claims: { nonce, iat: now } }), now);
    const refusal = await ask(undefined);
    assertEquals(refusal.code, "use_dpop_nonce");
    const nonce = refusal.details!["nonce"] as string;
    assertMatch(nonce, /^[A-Za-z0-9_-]{43}$/);
    for (const forged of ["", "x".repeat(43), `${nonce}A`, 1, null]) {
      assertEquals((await ask(forged)).code, "use_dpop_nonce");
    }
    await bench.verify(await bench.proof({ claims: { nonce } }), bench.expected, NOW);
    assertEquals((await ask(nonce, NOW + 700)).code, "use_dpop_nonce");
  }, true));

test("createProofVerifier() fails closed where replays cannot be told (H231)", () =>
  withBench(async (bench) => {
    const proof = await bench.proof();
    const broken = createProofVerifier({
      replay: {
        claim: () => Promise.reject(new AppError("unavailable", "The replay table is full")),
      },
      nonceKey: new Uint8Array(32),
    });
    const error = await assertRejects(() => broken(proof, bench.expected, NOW), AppError);
    assertEquals(error.code, "unavailable");
    assert(error.status === 503);
  }));
