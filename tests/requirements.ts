/** The rules that this server keeps, R1 to R94, as data; tests cite them by id in their names. */

/** One rule. */
export interface Requirement {
  readonly id: string;
  /** Where the rule comes from; "MCP" alone is the specification of 2026-07-28. */
  readonly source: string;
  /** What this server does. */
  readonly behaviour: string;
  /** Why the rule has nothing to hold here; no test cites it then. */
  readonly notApplicable?: string;
  /** What has to come before the rule is kept at all; no test cites it until then. */
  readonly later?: string;
  /** The part of the rule that is not kept; tests hold the rest. */
  readonly missing?: string;
}

export const REQUIREMENTS: readonly Requirement[] = [
  // Discovery: the protected resource metadata.
  {
    id: "R1",
    source: "MCP authorization; RFC 9728 section 3",
    behaviour: "The protected resource metadata is a JSON object that anybody may GET",
  },
  {
    id: "R2",
    source: "RFC 9728 section 3.1",
    behaviour: "Its path is the well-known one, with the path of the resource after it",
  },
  {
    id: "R3",
    source: "RFC 9728 section 3.3",
    behaviour: "`resource` is the endpoint's URL, byte for byte, under the name the client used",
  },
  {
    id: "R4",
    source: "MCP authorization server discovery; RFC 8414 section 3.3",
    behaviour: "It names one issuer or more, each exactly as that issuer's own metadata does",
  },
  {
    id: "R5",
    source: "RFC 9728 section 3.2",
    behaviour: "Without baseline scopes there is no `scopes_supported`, not an empty one",
  },
  {
    id: "R6",
    source: "RFC 9728 section 2; MCP best practices, scope minimization",
    behaviour: "`scopes_supported` is the reading baseline: no `offline_access`, no wildcard",
  },
  {
    id: "R7",
    source: "RFC 9728 section 2",
    behaviour: "It says how tokens are sent, what the resource is called, and the DPoP it takes",
  },
  {
    id: "R8",
    source: "MCP authorization server discovery",
    behaviour: "The same document is at the root well-known path, and under no other suffix",
  },
  {
    id: "R9",
    source: "RFC 9110 section 15.5.6",
    behaviour: "Public documents answer GET, HEAD and OPTIONS; other methods are 405 with Allow",
  },
  {
    id: "R10",
    source: "RFC 9728 section 3.1; Fetch",
    behaviour: "Pages of any origin may read and cache it, without credentials; Host is checked",
  },
  {
    id: "R11",
    source: "RFC 9728 section 5.1",
    behaviour: "Each refused credential and missing scope is challenged with the metadata's URL",
  },
  {
    id: "R12",
    source: "MCP 2025-03-26 authorization",
    behaviour: "The embedded issuer's metadata is mirrored on our origin, an external one's is not",
  },
  {
    id: "R13",
    source: "RFC 9728 section 3.3; MCP security considerations",
    behaviour: "No forwarding header and no foreign Host changes a document or a challenge",
  },

  // Presenting the token.
  {
    id: "R14",
    source: "MCP authorization, access token usage",
    behaviour: "Every request on the endpoint needs a token; a session id stands for nobody",
  },
  {
    id: "R15",
    source: "MCP authorization; OAuth 2.1 section 5.1",
    behaviour: "A token in the query is refused, also beside a good header, and not recorded",
  },
  {
    id: "R16",
    source: "RFC 6750 sections 2 and 3.1",
    behaviour: "More than one credential, in one header or several, is 400 invalid_request",
  },
  {
    id: "R17",
    source: "RFC 6750 section 2.2",
    behaviour: "A token in a form is not looked for: a form is 415",
  },
  {
    id: "R18",
    source: "RFC 9110 section 11.1; RFC 6750 section 2.1",
    behaviour: "The scheme is read in any case; what is no token by its characters is a bad token",
  },
  {
    id: "R19",
    source: "RFC 6750 section 3.1",
    behaviour: "No credential, or another scheme, is 401 with a challenge that has no error",
  },
  {
    id: "R20",
    source: "RFC 9110 section 11.6.1; MCP TypeScript SDK",
    behaviour: "The Bearer challenge comes first, quoted, so that real clients read all of it",
  },
  {
    id: "R21",
    source: "RFC 6750 section 3.1; MCP authorization, token handling",
    behaviour: "Every bad token is 401 with one and the same description; the record has the cause",
  },
  {
    id: "R22",
    source: "MCP authorization, scope selection strategy",
    behaviour: "A 401 asks for the scopes of the tool that Mcp-Name names, or for the baseline",
  },
  {
    id: "R23",
    source: "RFC 9110 section 15.6.4",
    behaviour: "An issuer that cannot be reached is 503 with Retry-After, never a bad token",
  },
  {
    id: "R24",
    source: "MCP security considerations; RFC 6750 section 5.3",
    behaviour: "Public URLs, issuers and key sets are https; http is for loopback alone",
  },

  // Validating the token.
  {
    id: "R25",
    source: "RFC 9068 section 4; RFC 8725 sections 3.1 and 3.2",
    behaviour: "Each issuer has a list of asymmetric algorithms; `none` and HMAC cannot be on it",
  },
  {
    id: "R26",
    source: "RFC 9068 section 4; RFC 8725 sections 3.11 and 3.12",
    behaviour: "`typ` is at+jwt; a profile that takes others demands what no ID token has",
  },
  {
    id: "R27",
    source: "RFC 9068 section 4; RFC 8725 section 3.8",
    behaviour: "`iss` is a configured issuer, character for character",
  },
  {
    id: "R28",
    source: "RFC 9068 section 4; RFC 8707 section 2; MCP security considerations",
    behaviour: "`aud` names this resource, exactly but for the case of scheme and host",
  },
  {
    id: "R29",
    source: "RFC 7519 section 4.1.3; RFC 9700 section 2.3",
    behaviour: "A token for several resources is taken, unless the issuer is set to be strict",
  },
  {
    id: "R30",
    source: "RFC 9068 section 2.2",
    behaviour: "Every claim that the issuer's profile requires is there, in its type",
  },
  {
    id: "R31",
    source: "RFC 9068 section 4; RFC 7519 section 4.1.4",
    behaviour: "A token is over at `exp` plus the clock tolerance, 30 seconds unless configured",
  },
  {
    id: "R32",
    source: "RFC 7519 section 4.1.5",
    behaviour: "A token before its `nbf` is refused",
  },
  {
    id: "R33",
    source: "RFC 7519 section 4.1.6; RFC 9068 section 2.2",
    behaviour: "A token from the future, too old, or made to live too long is refused",
  },
  {
    id: "R34",
    source: "RFC 7519 section 2",
    behaviour: "Times are finite numbers in the safe range; what JSON reads as infinite is not",
  },
  {
    id: "R35",
    source: "RFC 7515 section 4.1.11; RFC 7797 section 7",
    behaviour: "A header with `crit` or `b64` is refused",
  },
  {
    id: "R36",
    source: "RFC 8725 section 3.10",
    behaviour: "Nothing in a token's header is fetched or taken for a key; `kid` is only compared",
  },
  {
    id: "R37",
    source: "RFC 7517 section 4; RFC 7518 section 3.3",
    behaviour: "Published keys that are not for verifying, or too weak, are left out",
  },
  {
    id: "R38",
    source: "RFC 7515 section 6",
    behaviour: "Where several keys fit, none is tried",
  },
  {
    id: "R39",
    source: "RFC 7516 section 3.1; RFC 9068 section 4",
    behaviour: "An encrypted token is refused as no token of ours",
  },
  {
    id: "R40",
    source: "RFC 8725 section 3; our limit",
    behaviour: "A token over 8192 characters is refused before it is decoded or asked about",
  },
  {
    id: "R41",
    source: "RFC 9449 section 7.2; RFC 8705 section 3; RFC 7800 section 3.1",
    behaviour: "A bound token needs its proof; a binding that cannot be checked is refused",
  },
  {
    id: "R42",
    source: "RFC 6750 section 3.1",
    behaviour: "A token that was revoked is refused as every other bad token",
  },
  {
    id: "R43",
    source: "RFC 8725 section 3.10",
    behaviour: "Identifiers in claims are at most 256 characters, without control characters",
  },
  {
    id: "R44",
    source: "MCP authorization; MCP best practices, token passthrough",
    behaviour: "The token ends at the pipeline: no tool, upstream, record or log line has it",
  },

  // Scopes and step-up.
  {
    id: "R45",
    source: "RFC 6750 section 3.1; MCP authorization, runtime insufficient scope",
    behaviour: "A call without the scopes is 403 insufficient_scope in every revision",
  },
  {
    id: "R46",
    source: "MCP authorization, server scope management",
    behaviour: "The challenge names all scopes that the operation needs, at once",
  },
  {
    id: "R47",
    source: "MCP authorization, step-up",
    behaviour: "It names those alone in every revision: what was granted is the client's to add",
  },
  {
    id: "R48",
    source: "MCP authorization, scope hierarchies",
    behaviour: "A scope stands in for the scopes that it implies",
  },
  {
    id: "R49",
    source: "RFC 6749 section 3.3",
    behaviour: "Scopes are compared whole and case-sensitively",
  },
  {
    id: "R50",
    source: "RFC 6749 section 3.3",
    behaviour: "A name that is no scope-token stops the start",
  },
  {
    id: "R51",
    source: "MCP authorization, step-up; MCP tools, error handling",
    behaviour: "403 means that more scopes would help; every other refusal of a tool is a result",
  },
  {
    id: "R52",
    source: "MCP best practices, scope minimization",
    behaviour: "A challenge asks for known scopes of one tool or the baseline, never for all",
  },
  {
    id: "R53",
    source: "MCP best practices, scope minimization",
    behaviour: "A refusal for want of scopes is recorded with caller, tool and request id",
    missing: "the audit record with the scopes required, granted and missing",
  },
  {
    id: "R54",
    source: "MCP client credentials extension",
    behaviour: "The body of a 403 tells a machine client what was called and what it lacks",
  },
  {
    id: "R55",
    source: "MCP authorization; RFC 9110 section 15",
    behaviour: "Scopes are decided before the first byte; later a want of them is an error result",
  },
  {
    id: "R56",
    source: "MCP 2025-03-26 transports",
    behaviour: "Batches are refused in the revision that had them too",
  },

  // Lists and caching.
  {
    id: "R57",
    source: "MCP tools, capabilities",
    behaviour: "The tool list depends on token and configuration alone, in one order",
  },
  {
    id: "R58",
    source: "MCP caching",
    behaviour: "Cacheable results say for how long and for whom; filtered ones are private",
  },
  {
    id: "R59",
    source: "MCP caching, security",
    behaviour: "A tool that a list left out is checked when it is called, like any other",
  },
  {
    id: "R60",
    source: "MCP caching",
    behaviour: "A tool list is good for a minute at most",
  },
  {
    id: "R61",
    source: "MCP resources; MCP caching",
    behaviour: "Resources are authorized one by one and cached for one caller",
    notApplicable: "there are no resources, only tools",
  },
  {
    id: "R62",
    source: "RFC 9111 section 5.2.2.5",
    behaviour: "Answers on the endpoint are not stored by HTTP caches, in any revision",
  },

  // The HTTP transport.
  {
    id: "R63",
    source: "MCP transports, security; Fetch",
    behaviour: "An Origin that is not listed, `null` included, is 403 without CORS headers",
  },
  {
    id: "R64",
    source: "RFC 9112 section 3.2.2; MCP transports, security",
    behaviour: "The raw Host and the request target must be a listed name and port",
    missing: "on Bun a target in absolute form, whose authority the runtime drops",
  },
  {
    id: "R65",
    source: "MCP transports, security",
    behaviour: "The listener is on 127.0.0.1 unless configured otherwise",
  },
  {
    id: "R66",
    source: "MCP transports, backward compatibility",
    behaviour: "Methods other than POST are 405 with Allow, after authentication",
  },
  {
    id: "R67",
    source: "MCP transports; RFC 8259 section 8.1",
    behaviour: "A body is application/json in UTF-8, unencoded; all else is 415",
  },
  {
    id: "R68",
    source: "MCP transports; RFC 9110 section 12.5.1",
    behaviour: "A client that accepts neither JSON nor event streams gets 406, others are served",
  },
  {
    id: "R69",
    source: "MCP transports, server validation",
    behaviour: "The standard headers are there and agree with the body, or it is 400 -32020",
  },
  {
    id: "R70",
    source: "MCP transports, custom headers; MCP tools",
    behaviour: "Mcp-Param headers agree with the arguments that they repeat",
    notApplicable: "the registry refuses a tool with one (docs/decisions/0003)",
  },
  {
    id: "R71",
    source: "MCP versioning",
    behaviour: "A revision that is not spoken is 400 -32022 with those that the era has",
  },
  {
    id: "R72",
    source: "MCP transports; JSON-RPC 2.0 section 5.1",
    behaviour: "An unknown method is -32601, as HTTP 404 on 2026-07-28",
  },
  {
    id: "R73",
    source: "MCP basic",
    behaviour: "A request of 2026-07-28 without its _meta is 400 -32602",
  },
  {
    id: "R74",
    source: "MCP transports; JSON-RPC 2.0 section 4",
    behaviour: "A body is one request or notification; arrays and responses are 400 -32600",
  },
  {
    id: "R75",
    source: "MCP basic; JSON-RPC 2.0 section 4",
    behaviour: "Ids are strings or whole numbers; an error repeats the id where it can be read",
  },
  {
    id: "R76",
    source: "MCP transports",
    behaviour: "A notification is 202 without a body",
  },
  {
    id: "R77",
    source: "MCP transports",
    behaviour: "Session ids and event ids are neither read nor given out",
  },
  {
    id: "R78",
    source: "MCP transports; HTML, server-sent events",
    behaviour: "A stream passes proxies, shows that it is alive, and ends with its token",
  },
  {
    id: "R79",
    source: "MCP cancellation",
    behaviour: "A stream that the client closes stops the work behind it",
  },
  {
    id: "R80",
    source: "RFC 9110 section 15.5; RFC 6585 section 5",
    behaviour: "Body, headers, URL and the time for a body are bounded: 413, 431, 414, 408",
  },
  {
    id: "R81",
    source: "MCP tools, security; RFC 6585 section 4",
    behaviour:
      "Addresses, clients and their tools have budgets, a call weighs what its tool says; then 429",
  },
  {
    id: "R82",
    source: "MCP tools, security",
    behaviour: "Arguments fit a strict schema; results fit theirs, are bounded and hide nothing",
  },
  {
    id: "R83",
    source: "MCP basic, JSON schema",
    behaviour: "Schemas are our own, without references to elsewhere and without unions in inputs",
  },
  {
    id: "R84",
    source: "MCP basic",
    behaviour: "What a client says of itself decides nothing",
  },
  {
    id: "R85",
    source: "MCP tools, stateful tools; MCP best practices, state handles",
    behaviour: "Handles to state are random, expire, and are for the principal who got them",
    notApplicable: "no tool keeps state between calls; a page token only names a place in a list",
  },
  {
    id: "R86",
    source: "MCP multi round-trip requests",
    behaviour: "The requestState of a call that asks back is sealed and good once",
  },
  {
    id: "R87",
    source: "CVE-2026-25536; MCP TypeScript SDK",
    behaviour: "Each request has a protocol server of its own: callers never share one",
  },

  // CORS.
  {
    id: "R88",
    source: "Fetch, CORS protocol",
    behaviour: "A preflight is answered before authentication, for listed origins and headers",
  },
  {
    id: "R89",
    source: "Fetch, CORS protocol",
    behaviour: "A page of a listed origin may read every answer and the headers that it needs",
  },
  {
    id: "R90",
    source: "OAuth 2.0 for browser-based applications",
    behaviour: "The embedded issuer's endpoints for programs are open to pages, its own pages not",
  },

  // Client credentials.
  {
    id: "R91",
    source: "MCP client credentials extension; RFC 8414 section 2",
    behaviour: "The embedded issuer's metadata says how clients authenticate, algorithms included",
  },
  {
    id: "R92",
    source: "RFC 7523 section 3; MCP client credentials extension",
    behaviour: "A client assertion is for this issuer, by its client, short-lived and good once",
  },
  {
    id: "R93",
    source: "MCP client credentials extension",
    behaviour: "server/discover and initialize name the extension",
  },
  {
    id: "R94",
    source: "RFC 9068 section 5; RFC 9700 section 4.15",
    behaviour: "A client by itself is never taken for a person, whatever names they have",
  },
];
