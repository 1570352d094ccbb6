/** Throws damaged requests at a server for a while: whatever comes back, the server stays up, silent and honest. */

import { Buffer } from "node:buffer";
import { callBody, legacyDraft, modernDraft, written } from "./draft.ts";
import { createRandom } from "./generators_tokens.ts";
import type { Random } from "./generators_tokens.ts";
import { exchange } from "./raw.ts";
import type { RawExchange } from "./raw.ts";

export interface FuzzTarget {
  readonly port: number;
  /** The Host of a valid request. */
  readonly host: string;
  /** A token that may read organizations and change nothing. */
  readonly token: string;
  /** Names of paths and secrets that no answer may have. */
  readonly secrets: readonly string[];
  alive(): boolean;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly milliseconds: number;
}

export interface FuzzReport {
  readonly seed: number;
  readonly sent: number;
  /** How often each status came; 0 stands for a connection that was closed without an answer. */
  readonly statuses: Readonly<Record<number, number>>;
  /** What broke a rule, with the request that did, at most ten. */
  readonly failures: readonly { readonly what: string; readonly request: string }[];
}

/** What a damaged request may be answered with. 5xx is there for what HTTP itself has none other for (RFC 9110 section 15.6). */
const STATUSES: ReadonlySet<number> = new Set([
  ...[200, 202, 204],
  ...[400, 401, 403, 404, 405, 406, 408, 411, 413, 414, 415, 417, 429, 431],
  ...[501, 505],
]);
const LEAKS = /\bat [^\n]+:\d+:\d+|\.(ts|js|mjs):\d|node_modules|file:\/\/|Error:|JOSE|JWS|Kysely/;
const CONCURRENCY = 32;
const ROUND = 128;

/** Sends damaged requests until the time is up; after each round a valid one must get through. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const random = createRandom(options.seed);
  const until = Date.now() + options.milliseconds;
  const requests = validRequests(target);
  const statuses: Record<number, number> = {};
  const failures: { what: string; request: string }[] = [];
  let sent = 0;

  async function attack(request: Uint8Array): Promise<void> {
    const answer = await exchange([request], { port: target.port, timeoutMs: 150 });
    sent += 1;
    if (answer.end === "closed") statuses[0] = (statuses[0] ?? 0) + 1;
    for (const { status } of answer.responses) statuses[status] = (statuses[status] ?? 0) + 1;
    for (const what of faultsOf(answer, target)) {
      failures.push({ what, request: Buffer.from(request).toString("latin1") });
    }
  }

  while (Date.now() < until && failures.length < 10) {
    const round = Array.from({ length: ROUND }, () => damaged(random.pick(requests), random));
    const workers = Array.from({ length: CONCURRENCY }, async () => {
      for (let next = round.pop(); next !== undefined; next = round.pop()) await attack(next);
    });
    await Promise.all(workers);
    const valid = await exchange([requests[0]!], { port: target.port, timeoutMs: 5000 });
    if (!target.alive() || valid.responses[0]?.status !== 200) {
      failures.push({ what: `a valid request got ${valid.responses[0]?.status}`, request: "" });
    }
  }
  return { seed: options.seed, sent, statuses, failures: failures.slice(0, 10) };
}

/** Requests worth damaging: a call that is allowed first, one that is not, a list, and two earlier revisions. */
function validRequests({ host, token }: FuzzTarget): readonly Uint8Array[] {
  const environmentId = "env_1";
  const client = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "f" } };
  const rpc = (method: string, params: unknown) => ({ jsonrpc: "2.0", id: 1, method, params });
  const listed = { name: "list_organizations", arguments: { environmentId } };
  return [
    modernDraft(host, token, callBody("whoami", {})),
    modernDraft(host, token, callBody("list_organizations", { environmentId, search: "é\u202e" })),
    modernDraft(
      host,
      token,
      callBody("create_organization", { environmentId, displayName: "Fuzz", metadata: { a: "b" } }),
    ),
    legacyDraft(host, token, rpc("initialize", client), "2025-06-18"),
    legacyDraft(host, token, rpc("tools/call", listed), "2025-11-25"),
  ].map((draft) => written(draft));
}

function faultsOf(answer: RawExchange, target: FuzzTarget): readonly string[] {
  const faults: string[] = [];
  if (answer.received !== "" && answer.responses.length === 0 && answer.end === "closed") {
    faults.push("an answer that is no HTTP");
  }
  for (const { status, body } of answer.responses) {
    if (!STATUSES.has(status)) faults.push(`status ${status}`);
    // A request that still holds is served, and then its answer speaks of organizations.
    if (status >= 400 && body.length > 2048) faults.push(`a refusal of ${body.length} characters`);
  }
  if (LEAKS.test(answer.received)) faults.push(`leaks ${LEAKS.exec(answer.received)?.[0]}`);
  for (const secret of target.secrets) {
    if (answer.received.includes(secret)) faults.push(`leaks ${secret.slice(0, 20)}`);
  }
  return faults;
}

/** One to four kinds of damage; half of the time the length is put right, so that the body gets as far as it can. */
function damaged(valid: Uint8Array, random: Random): Uint8Array {
  let bytes: Buffer = Buffer.from(valid);
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    bytes = random.pick(DAMAGES)(bytes, random);
  }
  return random.next() < 0.5 ? withRightLength(bytes) : bytes;
}

type Damage = (bytes: Buffer, random: Random) => Buffer;

const PIECES: readonly string[] = [
  ...["\r\n", "\n", "\r", "\0", "\t", " ", ":", ",", ";", "\r\n\r\n", "\u00ff", "\u00c0\u00ae"],
  ...["Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Host: evil.example\r\n"],
  ...["Authorization: Bearer x\r\n", "Expect: 100-continue\r\n", "Upgrade: websocket\r\n"],
  ...['"', "\\", "\\u0000", "\\ud800", "{", "}", "[", "]", "null", "1e999", '"__proto__":1,'],
  ...["org:write", "create_organization", "../", "%00", "=?base64?YQ==?=", "\u001b[2J"],
];

const DAMAGES: readonly Damage[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length);
    bytes[at]! ^= 1 << random.below(8);
    return bytes;
  },
  function setByte(bytes, random) {
    bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    const piece = Buffer.from(random.pick(PIECES), "latin1");
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, 1 + random.below(bytes.length));
  },
  function duplicate(bytes, random) {
    const at = random.below(bytes.length);
    const piece = bytes.subarray(at, at + 1 + random.below(64));
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  },
  function remove(bytes, random) {
    const at = random.below(bytes.length);
    const rest = bytes.subarray(at + 1 + random.below(16));
    return at + rest.length === 0 ? bytes : Buffer.concat([bytes.subarray(0, at), rest]);
  },
  function duplicateLine(bytes, random) {
    const lines = bytes.toString("latin1").split("\r\n");
    const at = random.below(lines.length);
    return Buffer.from(lines.toSpliced(at, 0, lines[at]!).join("\r\n"), "latin1");
  },
];

function withRightLength(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return bytes;
  const length = text.length - end - 4;
  const head = text.slice(0, end).replace(/(\r\nContent-Length: )[^\r]*/, `$1${length}`);
  return Buffer.from(head + text.slice(end), "latin1");
}
