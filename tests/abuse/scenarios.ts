/** What is done to the server, and what has to come of it. */

import { generateKeyPair } from "jose";
import { openConnections } from "./connections.ts";
import type { Conduct, Connections } from "./connections.ts";
import { callTool, legacy, modernCall, post } from "./requests.ts";
import type { Target } from "./target.ts";

export interface Scenario {
  readonly name: string;
  /** `off` where the limits would answer before what is tested. */
  readonly rateLimit: "on" | "off";
  /** The limit of open files; default 20 000. */
  readonly openFiles?: number;
  /** What the statuses of the abusers' answers have to be, as `statuses()` writes them. */
  readonly expected: RegExp;
  begin(stage: Stage): Promise<Connections> | Connections;
  /** Why valid calls cannot be answered while it goes on; the server has to answer them afterwards. */
  readonly shutsOut?: string;
  /** How long to wait for answers before the hold, in milliseconds. */
  readonly answersMs?: number;
}

export interface Stage {
  readonly target: Target;
  readonly port: number;
  /** A valid token of the abusers' client. */
  readonly token: string;
}

const MIB = 1024 * 1024;
const KEPT_ALIVE = "GET /healthz HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n";
const MANY = 200;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "nothing",
    rateLimit: "on",
    expected: /^$/,
    begin: ({ port }) => openConnections(port, 0, () => ({ send: "" })),
  },
  {
    name: "200 silent connections",
    rateLimit: "on",
    expected: /^(none|408) x200$/,
    begin: same(MANY, () => ({ send: "" })),
  },
  {
    name: "200 send headers, 1 B/s",
    rateLimit: "on",
    expected: /^(none|408) x200$/,
    begin: same(MANY, ({ port }) => ({
      send: `POST /mcp HTTP/1.1\r\nHost: localhost:${port}\r\nX-Slow: `,
      drip: "a",
    })),
  },
  {
    name: "200 half bodies, no token",
    rateLimit: "on",
    expected: /^401 x200$/,
    answersMs: 5000,
    begin: same(MANY, ({ port }) => ({ send: post({ port, length: 100 }, "{123456789") })),
  },
  {
    name: "200 half bodies of 10 clients",
    rateLimit: "on",
    expected: /^408 x200$/,
    answersMs: 15_000,
    begin: (stage) =>
      byClients(stage, 10, (token) => ({
        send: post({ ...stage, token, length: 100 }, "{123456789"),
      })),
  },
  {
    name: "200 bodies of 10 clients, 1 B/s",
    rateLimit: "on",
    expected: /^408 x200$/,
    answersMs: 15_000,
    begin: (stage) =>
      byClients(stage, 10, (token) => ({
        send: post({ ...stage, token, length: 100 }, "{123456789"),
        drip: " ",
      })),
  },
  {
    name: "200 idle keep-alive",
    rateLimit: "on",
    expected: /^200 x200$/,
    answersMs: 5000,
    begin: same(MANY, ({ port }) => ({ send: KEPT_ALIVE.replace("PORT", String(port)) })),
  },
  {
    name: "1000 without token, 100 kB bodies",
    rateLimit: "off",
    expected: /^401 x1000$/,
    answersMs: 15_000,
    begin: same(1000, ({ port }) => ({ send: post({ port }, jsonOf(100_000)) })),
  },
  {
    name: "1000 bad signatures",
    rateLimit: "off",
    expected: /^401 x1000$/,
    answersMs: 15_000,
    begin: (stage) => withTokens(stage, 1000, async () => ({ key: await stranger })),
  },
  {
    name: "1000 unknown keys",
    rateLimit: "off",
    expected: /^401 x1000$/,
    answersMs: 15_000,
    begin: (stage) =>
      withTokens(stage, 1000, async (index) => ({
        key: await stranger,
        header: { kid: `k${index}` },
      })),
  },
  {
    name: "5000 without token, one address",
    rateLimit: "on",
    expected: /^401 x3\d{3}, 429 x\d{4}$/,
    answersMs: 15_000,
    begin: same(100, ({ port }) => ({ send: post({ port }, "{}"), times: 50 })),
  },
  {
    name: "3000 calls of one client",
    rateLimit: "on",
    expected: /^200 x[1-2]\d{3}, 429 x\d{4}$/,
    answersMs: 30_000,
    begin: (stage) =>
      openConnections(stage.port, 100, (index) => ({
        send: modernCall(stage, "whoami", {}),
        times: 30,
        from: abuser(index),
      })),
  },
  {
    name: "200 imports of one client, progress unread",
    rateLimit: "on",
    expected: /^none x200$/,
    async begin(stage) {
      const organization = await anOrganization(stage);
      return openConnections(stage.port, MANY, (index) => ({
        send: legacy(stage, "tools/call", {
          name: "import_organization_users",
          arguments: { ...organization, users: people(100, index) },
          _meta: { progressToken: index },
        }),
        read: false,
      }));
    },
  },
  {
    name: "200 streams of 20 clients, unread",
    rateLimit: "on",
    expected: /^none x200$/,
    // By then each has been sent more than the buffers between the two processes hold.
    answersMs: 10_000,
    begin: (stage) =>
      byClients(stage, 20, (token) => {
        const list = legacy({ ...stage, token }, "tools/list");
        return { send: list, drip: list, dripMs: 500, read: false };
      }),
  },
  {
    name: "20 bodies 2 M deep, valid token",
    rateLimit: "on",
    expected: /^400 x20$/,
    answersMs: 15_000,
    begin: same(20, (stage) => ({ send: post(stage, "[".repeat(2 * MIB) + "]".repeat(2 * MIB)) })),
  },
  {
    name: "20 bodies of 300 k names, valid token",
    rateLimit: "on",
    expected: /^400 x20$/,
    answersMs: 15_000,
    begin: same(20, (stage) => ({ send: post(stage, manyNames(300_000)) })),
  },
  {
    name: "100 bodies of 4 MiB, valid token",
    rateLimit: "on",
    expected: /^400 x\d+, 429 x\d+$/,
    answersMs: 30_000,
    begin: same(100, (stage) => ({ send: post(stage, jsonOf(4 * MIB)) })),
  },
  {
    name: "50 x 4 MiB + 1 declared, no token",
    rateLimit: "on",
    expected: /^413 x50$/,
    answersMs: 15_000,
    begin: same(50, ({ port }) => ({ send: post({ port }, jsonOf(4 * MIB + 1)) })),
  },
  {
    name: "50 x 4 MiB + 1 chunked, valid token",
    rateLimit: "on",
    expected: /^413 x\d+, 429 x\d+$/,
    answersMs: 15_000,
    begin: same(50, (stage) => ({
      send: post(
        { ...stage, headers: ["Transfer-Encoding: chunked"] },
        chunked(jsonOf(4 * MIB + 1)),
      ),
    })),
  },
  {
    name: "600 connections, 256 open files",
    rateLimit: "on",
    openFiles: 256,
    shutsOut: "every file handle is taken",
    expected: /^none x600$/,
    begin: same(600, ({ port }) => ({ send: `GET / HTTP/1.1\r\nHost: localhost:${port}\r\n` })),
  },
];

function same(count: number, conduct: (stage: Stage) => Conduct): Scenario["begin"] {
  return (stage) => {
    const one = conduct(stage);
    return openConnections(stage.port, count, () => one);
  };
}

async function byClients(
  { port, target }: Stage,
  count: number,
  conduct: (token: string) => Conduct,
): Promise<Connections> {
  const conducts = await Promise.all(Array.from({ length: count }, async (_, index) => {
    const name = `abuser-${index}`;
    return conduct(await target.issuer.token({ claims: { client_id: name, sub: name } }));
  }));
  return openConnections(port, MANY, (index) => ({
    ...conducts[index % count]!,
    from: abuser(index),
  }));
}

/** Spreads abusers over addresses, where the limit per address would spoil what is tested. */
function abuser(index: number): string {
  return `127.0.1.${1 + index % 100}`;
}

const stranger = generateKeyPair("ES256").then(({ privateKey }) => privateKey);

async function withTokens(
  { port, target }: Stage,
  count: number,
  changes: (index: number) => Promise<Parameters<Target["issuer"]["token"]>[0]>,
): Promise<Connections> {
  const tokens = await Promise.all(
    Array.from({ length: count }, async (_, index) => target.issuer.token(await changes(index))),
  );
  return openConnections(port, count, (index) => ({
    send: modernCall({ port, token: tokens[index]! }, "whoami", {}),
  }));
}

/** The ids of one that is there from the start. */
async function anOrganization(stage: Stage) {
  const { environments } = await callTool(stage, "list_environments", {}) as Environments;
  const environmentId = environments[0]!.id;
  const { organizations } = await callTool(stage, "list_organizations", {
    environmentId,
  }) as Organizations;
  return { environmentId, organizationId: organizations[0]!.id };
}

type Environments = { environments: { id: string }[] };
type Organizations = { organizations: { id: string }[] };

function people(count: number, group: number) {
  return Array.from({ length: count }, (_, index) => ({
    email: `person-${group}-${index}@example.com`,
    roles: ["member"],
  }));
}

/** A JSON text of so many bytes. */
function jsonOf(bytes: number): string {
  return `{"a":"${"x".repeat(bytes - 8)}"}`;
}

function manyNames(count: number): string {
  return `{${Array.from({ length: count }, (_, index) => `"${index}":1`).join(",")}}`;
}

function chunked(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}
