/** What is done to the server, and what has to come of it. */

import { openConnections } from "./connections.ts";
import type { Connections } from "./connections.ts";
import {
  abuser,
  anOrganization,
  byClients,
  MANY,
  people,
  same,
  stranger,
  withTokens,
} from "./crowd.ts";
import type { Stage } from "./crowd.ts";
import { chunked, jsonOf, legacy, manyNames, modernCall, post } from "./requests.ts";

export interface Scenario {
  readonly name: string;
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

const MIB = 1024 * 1024;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "nothing",
    expected: /^$/,
    begin: ({ port }) => openConnections(port, 0, () => ({ send: "" })),
  },
  {
    name: "200 silent connections",
    expected: /^(none|408) x200$/,
    begin: same(MANY, () => ({ send: "" })),
  },
  {
    name: "200 send headers, 1 B/s",
    expected: /^(none|408) x200$/,
    begin: same(MANY, ({ port }) => ({
      send: `POST /mcp HTTP/1.1\r\nHost: localhost:${port}\r\nX-Slow: `,
      drip: "a",
    })),
  },
  {
    name: "200 half bodies, no token",
    expected: /^401 x200$/,
    answersMs: 5000,
    begin: same(MANY, ({ port }) => ({ send: post({ port, length: 100 }, "{123456789") })),
  },
  {
    name: "200 half bodies of 10 clients",
    expected: /^408 x200$/,
    answersMs: 15_000,
    begin: (stage) =>
      byClients(stage, 10, (token) => ({
        send: post({ ...stage, token, length: 100 }, "{123456789"),
      })),
  },
  {
    name: "200 bodies of 10 clients, 1 B/s",
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
    expected: /^200 x200$/,
    answersMs: 5000,
    begin: same(MANY, ({ port }) => ({
      send: `GET /healthz HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`,
    })),
  },
  {
    name: "1000 without token, 100 kB bodies",
    expected: /^401 x1000$/,
    answersMs: 15_000,
    begin: same(1000, ({ port }) => ({ send: post({ port }, jsonOf(100_000)) })),
  },
  {
    name: "1000 bad signatures",
    expected: /^401 x1000$/,
    answersMs: 15_000,
    begin: (stage) => withTokens(stage, 1000, async () => ({ key: await stranger })),
  },
  {
    name: "1000 unknown keys",
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
    expected: /^401 x3\d{3}, 429 x\d{4}$/,
    answersMs: 15_000,
    begin: same(100, ({ port }) => ({ send: post({ port }, "{}"), times: 50 })),
  },
  {
    name: "3000 calls of one client",
    // The budget of the one tool, once for each ten seconds that it takes.
    expected: /^200 x(\d{3}|1\d{3}), 429 x\d{4}$/,
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
    expected: /^400 x20$/,
    answersMs: 15_000,
    begin: same(20, (stage) => ({ send: post(stage, "[".repeat(2 * MIB) + "]".repeat(2 * MIB)) })),
  },
  {
    name: "20 bodies of 300 k names, valid token",
    expected: /^400 x20$/,
    answersMs: 15_000,
    begin: same(20, (stage) => ({ send: post(stage, manyNames(300_000)) })),
  },
  {
    name: "100 bodies of 4 MiB, valid token",
    expected: /^400 x\d+, 429 x\d+$/,
    answersMs: 30_000,
    begin: same(100, (stage) => ({ send: post(stage, jsonOf(4 * MIB)) })),
  },
  {
    name: "50 x 4 MiB + 1 declared, no token",
    expected: /^413 x50$/,
    answersMs: 15_000,
    begin: same(50, ({ port }) => ({ send: post({ port }, jsonOf(4 * MIB + 1)) })),
  },
  {
    name: "50 x 4 MiB + 1 chunked, valid token",
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
    openFiles: 256,
    shutsOut: "every file handle is taken",
    expected: /^none x600$/,
    begin: same(600, ({ port }) => ({ send: `GET / HTTP/1.1\r\nHost: localhost:${port}\r\n` })),
  },
];
