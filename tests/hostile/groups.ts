/** The groups of the suite, in the order of the document. */

import { METHOD_HEADER, NAME_HEADER } from "./cases_agreement.ts";
import { ARGUMENTS } from "./cases_arguments.ts";
import { AUTHORIZATION } from "./cases_authorization.ts";
import { ENCODINGS, TYPES } from "./cases_content.ts";
import { LENGTHS, PIPELINED } from "./cases_framing.ts";
import { FORWARDING, HOSTS, TARGETS } from "./cases_host.ts";
import { DEPTH, SYNTAX as JSON_SYNTAX, VOLUME } from "./cases_json.ts";
import { WHO } from "./cases_jwt_audience.ts";
import { NAMES, TIMES } from "./cases_jwt_claims.ts";
import { SPELLINGS } from "./cases_jwt_form.ts";
import { REFERENCES, TYPES_AND_KIDS } from "./cases_jwt_header.ts";
import { JWT_KEYS } from "./cases_jwt_keys.ts";
import { OTHER_TOKENS, SCOPES } from "./cases_jwt_scopes.ts";
import { SIGNATURES } from "./cases_jwt_signature.ts";
import { META_DATA, METHODS as RPC_METHODS } from "./cases_meta.ts";
import { PROTOTYPES, TWICE } from "./cases_names.ts";
import { ORIGIN } from "./cases_origin.ts";
import { PATHS } from "./cases_path.ts";
import { PARAMETERS, REVISIONS } from "./cases_revision.ts";
import { ENVELOPE } from "./cases_rpc.ts";
import { METHODS, SIZES } from "./cases_sizes.ts";
import { EXPECTING, OVER_HTTP_VERSIONS, SYNTAX } from "./cases_syntax.ts";
import { POLICY } from "./cases_tools.ts";
import type { Group } from "./suite.ts";

export const GROUPS: readonly Group[] = [
  { name: "H-A", title: "Authorization header", cases: AUTHORIZATION },
  {
    name: "H-B",
    title: "JWT access tokens",
    cases: [
      ...SIGNATURES,
      ...SPELLINGS,
      ...TYPES_AND_KIDS,
      ...REFERENCES,
      ...WHO,
      ...TIMES,
      ...NAMES,
      ...SCOPES,
      ...OTHER_TOKENS,
      ...JWT_KEYS,
    ],
  },
  {
    name: "H-C",
    title: "Content type, encoding, framing",
    cases: [
      ...TYPES,
      ...ENCODINGS,
      ...LENGTHS,
      ...SYNTAX,
      ...PIPELINED,
      ...OVER_HTTP_VERSIONS,
      ...EXPECTING,
      ...METHODS,
      ...SIZES,
    ],
  },
  {
    name: "H-D",
    title: "Host, Origin, CORS, path",
    cases: [...HOSTS, ...TARGETS, ...FORWARDING, ...ORIGIN, ...PATHS],
  },
  {
    name: "H-E",
    title: "JSON and JSON-RPC",
    cases: [
      ...JSON_SYNTAX,
      ...DEPTH,
      ...VOLUME,
      ...TWICE,
      ...PROTOTYPES,
      ...ENVELOPE,
      ...META_DATA,
      ...RPC_METHODS,
    ],
  },
  {
    name: "H-F",
    title: "Headers that must agree with the body",
    cases: [...METHOD_HEADER, ...NAME_HEADER, ...REVISIONS, ...PARAMETERS],
  },
  { name: "H-G", title: "Tools and arguments", cases: [...POLICY, ...ARGUMENTS] },
];
