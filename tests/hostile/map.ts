/** Rows of groups H-A to H-G that no case over a socket can hold: which test does, what waits, and what is decided. */

import type { Coverage } from "./server_map.ts";

const KEYS = "auth/jwks_test.ts";
const EXECUTE = "tools/execute_test.ts";
const LIMITS = "http/limits/mod_test.ts";
const MCP = "http/mcp_test.ts";
const REVOKED = [
  "http/revocation_test.ts",
  "revoked: a token, client, subject or issuer epoch is 401 on the next call, and no tool runs (R42, H087, H088)",
] as const;

export const HELD_ELSEWHERE: readonly Coverage[] = [
  {
    id: "H081",
    tests: [
      [KEYS, "keyFor() drops a key that was withdrawn once the set is no longer fresh (H081)"],
      [
        "auth/token_verifier_test.ts",
        "createTokenVerifier() forgets what it verified with other keys (H081)",
      ],
    ],
  },
  {
    id: "H087",
    tests: [
      REVOKED,
      [
        "cli/revoke_test.ts",
        "revoke shuts a client out by its name, and the token is refused when it returns (H087)",
      ],
    ],
  },
  { id: "H088", tests: [REVOKED] },
  { id: "H089", tests: [[MCP, "mcp: a stream ends with the token that opened it (R78, H089)"]] },
  { id: "H116", tests: [], decided: "Measured under load, by the runs of tests/abuse" },
  { id: "H117", tests: [], decided: "Measured under load, by the runs of tests/abuse" },
  {
    id: "H152",
    tests: [[MCP, "mcp: two callers at once never see each other's answers (R87, H152)"]],
  },
  { id: "H176", tests: [], decided: "No tool may have a parameter that is repeated in a header" },
  {
    id: "H187",
    tests: [[EXECUTE, "execute() keeps a stranger's words inside, whatever is thrown (H187)"]],
  },
  {
    id: "H188",
    tests: [[
      EXECUTE,
      "execute() does not publish what breaks the output schema or cannot be said (H188)",
    ]],
  },
  {
    id: "H189",
    tests: [[EXECUTE, "execute() marks what a reader would obey and not see (R82, H189)"]],
  },
  {
    id: "H190",
    tests: [],
    decided:
      "Names and descriptions are part of the program; there is no upstream to take any from",
  },
  {
    id: "H191",
    tests: [
      ["upstream/bound_test.ts", "the body of a failure is in no error (H191)"],
      [
        "upstream/credentials_test.ts",
        "client credentials: what the authorization server says stays out of every error (H191)",
      ],
    ],
  },
  {
    id: "H196",
    tests: [
      [
        LIMITS,
        "handler: a principal has so many calls under way, and its body is not read before one has ended (H196)",
      ],
      [
        LIMITS,
        "handler: a client has a budget for each tool, and hears which one is spent and when to come back (R81, H196)",
      ],
    ],
  },
  {
    id: "H197",
    tests: [
      [
        "http/requirements_secrecy_test.ts",
        "token: the protocol side gets the request without any credential (R44)",
      ],
      [
        "http/upstream_test.ts",
        "no upstream ever gets the caller's token, and nothing that is kept has it (R44, H197)",
      ],
    ],
  },
];
