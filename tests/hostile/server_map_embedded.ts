/** Which test holds the embedded authorization server to which row of group H-J. */

import type { Coverage } from "./server_map.ts";

const EMBEDDED = "auth/embedded";
const CODE = `${EMBEDDED}/authorization_code_test.ts`;
const CONSENT = `${EMBEDDED}/consent_test.ts`;
const CREDENTIALS = `${EMBEDDED}/client_credentials_test.ts`;
const DOCUMENTS = `${EMBEDDED}/document_clients_test.ts`;
const DPOP = `${EMBEDDED}/dpop_test.ts`;
const METADATA = `${EMBEDDED}/metadata_test.ts`;
const ENDED = `${EMBEDDED}/revocation_test.ts`;
const REFRESH = `${EMBEDDED}/refresh_test.ts`;
const REGISTRATION = `${EMBEDDED}/registration_test.ts`;
const START = `${EMBEDDED}/start_test.ts`;
const USERS = `${EMBEDDED}/users_test.ts`;
const FLOW = "hostile/server_flow_test.ts";
const RAW = "hostile/server_test.ts";
const RAW_CASES = [
  RAW,
  "the token and revocation endpoints name what is wrong with a request (H220, H221, H235-H237)",
] as const;
const UNSUPPORTED = [
  CODE,
  "unsupported requests are refused at the client (H247, H253, H254)",
] as const;
const ELSEWHERE = [
  FLOW,
  "no spelling of a redirect URI leads elsewhere (H245, H246)",
] as const;
const NO_REDIRECT = [
  CODE,
  "an unknown client or redirect never redirects (H245, H246)",
] as const;
const AS_TEXT = [
  FLOW,
  "what a stranger writes into a request comes back as text, if at all (H249, H250)",
] as const;
const NO_TOKEN_REQUEST = [
  CREDENTIALS,
  "the token endpoint refuses what is no token request (H235, H237)",
] as const;
const PKCE = [
  CODE,
  "PKCE with S256 is required, and the refusal goes to the client with iss (H248)",
] as const;
const OUR_PAGE = [
  CONSENT,
  "an answer counts only from our page in the browser that was asked (H251)",
] as const;

/** H-J: the embedded authorization server. */
export const GROUP_J: readonly Coverage[] = [
  {
    id: "H235",
    tests: [
      NO_TOKEN_REQUEST,
      RAW_CASES,
    ],
  },
  {
    id: "H236",
    tests: [
      [CREDENTIALS, "a refused client learns nothing about what was wrong (H236)"],
      [CREDENTIALS, "a secret in two places is refused"],
      [`${EMBEDDED}/clients_test.ts`, "secretMatches() takes the secret and nothing else"],
      [
        CONSENT,
        "a wrong password and an unknown name look the same, and many tries are throttled",
      ],
      [USERS, "signIn() looks at few passwords at once"],
      RAW_CASES,
    ],
    decided:
      "client secrets are not throttled: they are 256 random bits (RFC 6749 section 10.10), and a throttle would let " +
      "anybody lock a client out; people's passwords are",
  },
  {
    id: "H237",
    tests: [
      NO_TOKEN_REQUEST,
      RAW_CASES,
    ],
  },
  {
    id: "H238",
    tests: [
      [CREDENTIALS, "a scope beyond the registration is refused, never narrowed away (H238)"],
      RAW_CASES,
    ],
    decided: "of the baseline alone, what is beyond the registration is left out (docs/decisions)",
  },
  {
    id: "H239",
    tests: [
      [CREDENTIALS, "the resource is a known one, byte for byte, or the default (H239)"],
      [CODE, "the resource defaults to the first, and another accepted one can be named"],
    ],
  },
  {
    id: "H240",
    tests: [
      [CREDENTIALS, "a client gets a token with private_key_jwt, each assertion once (R92)"],
      [CREDENTIALS, "an unsound assertion is refused (R92, H240)"],
      [
        FLOW,
        "an assertion is signed with the client's registered key, about the client itself (H240)",
      ],
    ],
  },
  {
    id: "H241",
    tests: [
      [CREDENTIALS, "a dynamic client cannot use client credentials (H241)"],
      [DOCUMENTS, "a document is for authorization alone"],
    ],
  },
  {
    id: "H242",
    tests: [
      [CODE, "a replayed code is refused and ends what it was exchanged for"],
      [
        CODE,
        "of two racing exchanges of one code at most one succeeds, and nothing of it survives",
      ],
      [CODE, "a code is bound to its client, redirect and verifier (H242)"],
      PKCE,
      [FLOW, "a code is over after a minute, and its verifier is as RFC 7636 has it (H242)"],
      [ENDED, "a replayed code ends the access token that the code was exchanged for (H242)"],
      [ENDED, "of racing exchanges of one code no access token survives (H242)"],
    ],
  },
  {
    id: "H243",
    tests: [
      [REFRESH, "a refresh token works once, and its second use ends the chain (H243)"],
      [REFRESH, "a refresh narrows but never widens, and is for its client and resource alone"],
      [
        ENDED,
        "the second use of a refresh token ends every access token of the chain, and no other's (H243)",
      ],
    ],
  },
  {
    id: "H244",
    tests: [
      [
        DPOP,
        "a public client's refresh token stays with the key, and a client can insist on proofs",
      ],
      [DPOP, "a token request with a proof gets a token bound to its key, each proof once"],
    ],
  },
  {
    id: "H245",
    tests: [
      NO_REDIRECT,
      ELSEWHERE,
    ],
  },
  {
    id: "H246",
    tests: [
      NO_REDIRECT,
      [CODE, "a loopback redirect matches on any port (RFC 8252 section 7.3)"],
      ELSEWHERE,
    ],
  },
  {
    id: "H247",
    tests: [UNSUPPORTED],
  },
  {
    id: "H248",
    tests: [PKCE],
  },
  {
    id: "H249",
    tests: [
      [CODE, "state comes back as it was sent (H249)"],
      AS_TEXT,
    ],
  },
  {
    id: "H250",
    tests: [
      [CONSENT, "names and addresses that a client made up stay text (H250)"],
      [REGISTRATION, "what real clients send is accepted, and gets tokens"],
      AS_TEXT,
    ],
  },
  {
    id: "H251",
    tests: [
      OUR_PAGE,
      [CONSENT, "the page cannot be framed, runs no script and loads nothing"],
      [CONSENT, "the interaction cookie is HttpOnly, SameSite=Lax and bound to its page"],
      [CONSENT, "exactly the scopes on the page are granted, also after a wider grant"],
      [CONSENT, "a public issuer's cookies are bound to https, and its pages to its name"],
    ],
  },
  {
    id: "H252",
    tests: [
      [CODE, "an answered page is over (H252)"],
      [FLOW, "a session that somebody planted does not become that of who signs in (H252)"],
    ],
  },
  {
    id: "H253",
    tests: [UNSUPPORTED],
  },
  {
    id: "H254",
    tests: [UNSUPPORTED],
  },
  {
    id: "H255",
    tests: [
      [CONSENT, "Deny tells the client so"],
      OUR_PAGE,
    ],
  },
  {
    id: "H256",
    tests: [
      [REGISTRATION, "registrations are bounded in number and in rate"],
      [REGISTRATION, "an abandoned client ends after a day, a used one 30 days after its last use"],
      [REGISTRATION, "redirect URIs that run, leak or leave loopback are refused"],
      [REGISTRATION, "claims to more than a dynamic client may have are refused or dropped"],
    ],
  },
  {
    id: "H257",
    tests: [
      [DOCUMENTS, "an unsound document or address is refused on a page of ours"],
      [DOCUMENTS, "only public https addresses on the standard port are fetched"],
      [DOCUMENTS, "receive() reads a whole small document and nothing else"],
      [
        "hostile/server_document_test.ts",
        "a metadata document is small, JSON, soon there and named by its own address (H257)",
      ],
    ],
  },
  {
    id: "H258",
    tests: [[
      DOCUMENTS,
      "the consent page shows who publishes the document, and warns of a local redirect",
    ]],
  },
  {
    id: "H259",
    tests: [
      [START, "it refuses to leave loopback without an https issuer"],
      [
        START,
        "a loopback issuer on every address of the machine never has the local operator decide",
      ],
    ],
    decided: "NODE_ENV is not read: where the server listens, and as whom, decides",
  },
  { id: "H260", tests: [[METADATA, "the key set has public members only"]] },
];
