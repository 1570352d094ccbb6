/** Which test holds the server to which row of group H-I, and what waits or is decided otherwise. */

export interface Coverage {
  readonly id: string;
  /** File below `tests/` and the name of the test. */
  readonly tests: readonly (readonly [file: string, test: string])[];
  /** Parts of the row that a later change brings. */
  readonly later?: string;
  /** Parts of the row that this server answers otherwise, and why. */
  readonly decided?: string;
}

const EMBEDDED = "auth/embedded";
const REFRESH = `${EMBEDDED}/refresh_test.ts`;
const LIMITS = "hostile/server_limits_test.ts";
const LOG = "hostile/server_log_test.ts";
const RAW = "hostile/server_test.ts";
const RAW_CASES = [
  RAW,
  "the token and revocation endpoints name what is wrong with a request (H220, H221, H235-H237)",
] as const;
const NO_SECRET = [
  LOG,
  "no secret of anybody comes out in the log, on the console or in an error (H229, H232)",
] as const;
const REVOKED = [
  REFRESH,
  "a revoked refresh token is over, and one of another client is left alone (H219, H220)",
] as const;
const ENDED = `${EMBEDDED}/revocation_test.ts`;
const LIST = "auth/revocation_test.ts";
const OVER_HTTP = "http/revocation_test.ts";
const LIVE = "http/live_test.ts";
const TAMPER = "store/audit/tamper_test.ts";
const RECORD = "http/record_test.ts";
const OPERATOR = "http/operator/handler_test.ts";

/** H-I: revocation, operators, audit, limits. */
export const GROUP_I: readonly Coverage[] = [
  {
    id: "H218",
    tests: [[ENDED, "a client revokes its own access token, whatever the hint says (H218, H220)"]],
  },
  {
    id: "H219",
    tests: [
      REVOKED,
      [
        ENDED,
        "another client's token and garbage are left alone, and the answer does not tell (H219, H220)",
      ],
    ],
  },
  {
    id: "H220",
    tests: [
      RAW_CASES,
      REVOKED,
      [ENDED, "a client revokes its own access token, whatever the hint says (H218, H220)"],
    ],
  },
  {
    id: "H221",
    tests: [
      RAW_CASES,
      [ENDED, "without client authentication nothing is revoked, and nothing is learned (H221)"],
    ],
  },
  {
    id: "H222",
    tests: [
      [
        "store/revocations_test.ts",
        "a flood of tokens stops at its share, and an operator can still shut a client out (H222)",
      ],
      [LIST, "what has expired ends nothing, and its memory is given back a day later (H222)"],
      [ENDED, "a revoked token is remembered until it has expired, and not longer (H222)"],
    ],
  },
  {
    id: "H223",
    tests: [
      [
        ENDED,
        "a revoked client gets no token, no refresh and no authorization, until it is restored (H223)",
      ],
      [OVER_HTTP, "revoked: an open subscription ends, and those of others go on (H223)"],
      [
        LIVE,
        "revoked: a running call is aborted and answered 401, though its handler goes on (H223)",
      ],
      [LIVE, "revoked: a stream with progress closes without the result (H223)"],
      ["cli/revoke_test.ts", "clients remove ends the tokens that the client has (H223)"],
    ],
  },
  {
    id: "H224",
    tests: [
      [LIST, "up to a time, what was issued until then ends and what came later works (H224)"],
      [
        OVER_HTTP,
        "revoked: what is issued after the time of a subject's revocation is accepted (H224)",
      ],
      [ENDED, "a subject's refresh tokens end with its tokens, and later ones work (H224)"],
    ],
  },
  {
    id: "H225",
    tests: [
      [LIST, "a list that is too old to tell refuses to, until it is read again (H225)"],
      [LIST, "without a readable list there is no start (H225)"],
      [
        OVER_HTTP,
        "a store that cannot be read is 503 and never 401 or 200, until it can be (H225)",
      ],
    ],
  },
  {
    id: "H226",
    tests: [[LIST, "another instance learns what was added and removed, and says so (H226)"]],
  },
  {
    id: "H227",
    tests: [],
    decided: "the embedded authorization server has no introspection endpoint; its tokens are JWTs",
  },
  {
    id: "H228",
    tests: [
      [OPERATOR, "operator: an access token, a wrong token and none at all are 401 (H228)"],
      [OPERATOR, "operator: a page that found out the port gets nothing, under any name (H228)"],
    ],
  },
  {
    id: "H229",
    tests: [
      [LOG, "whatever a caller writes, its request is one clean JSON line of the log (H229)"],
      NO_SECRET,
    ],
  },
  {
    id: "H230",
    tests: [
      [TAMPER, "a record that is deleted, repeated or moved is found (H230)"],
      [TAMPER, "a trail that is cut off at any record, or in the middle of one, is found (H230)"],
      [TAMPER, "a forged record is found, with its hashes recomputed or not (H230)"],
      [
        TAMPER,
        "a chain that is removed or put back whole is missed by the chains that knew it (H230)",
      ],
    ],
  },
  {
    id: "H231",
    tests: [
      [
        "store/audit/log_test.ts",
        "while the directory is gone nothing is committed, and afterwards the chain goes on (H231)",
      ],
      [RECORD, "a trail that cannot be written stops every call before its tool (H231)"],
      [RECORD, "a tool whose intent cannot be made durable does not run (H231)"],
    ],
  },
  {
    id: "H232",
    tests: [NO_SECRET, [
      "telemetry/trace_test.ts",
      "no secret and no argument leaves the process, at any level of the log (H232)",
    ], [RECORD, "a record has no token and no argument but what its tool lets be recorded (H232)"]],
  },
  {
    id: "H233",
    tests: [
      [LIMITS, "no header gives a caller the budget of another address (H233)"],
      [
        LIMITS,
        "the addresses of one IPv6 network, and both spellings of an IPv4 address, share a budget (H233)",
      ],
      [
        LIMITS,
        "a client has one budget, whatever token, person, address or name it comes with (H233)",
      ],
      [
        "http/limits/window_test.ts",
        "a million addresses do not grow memory, and none of them is without a limit (H233)",
      ],
      [
        "http/peer_test.ts",
        "createPeerOf() takes the right-most address that no proxy of ours has (H233)",
      ],
    ],
  },
  {
    id: "H234",
    tests: [[
      "telemetry/metrics_test.ts",
      "createMetrics() makes no series of what strangers invent (H234)",
    ]],
  },
];
