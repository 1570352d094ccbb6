/** The groups of the suite, in the order of the document. */

import { AGREEMENT } from "./cases_agreement.ts";
import { AUTHORIZATION } from "./cases_authorization.ts";
import { CONTENT } from "./cases_content.ts";
import { FRAMING } from "./cases_framing.ts";
import { HOST_AND_PATH } from "./cases_host.ts";
import { JSON_TEXT } from "./cases_json.ts";
import { JWT_CLAIMS } from "./cases_jwt_claims.ts";
import { JWT_HEADER } from "./cases_jwt_header.ts";
import { JWT_KEYS } from "./cases_jwt_keys.ts";
import { ORIGIN } from "./cases_origin.ts";
import { RPC } from "./cases_rpc.ts";
import { TOOLS } from "./cases_tools.ts";
import type { Group } from "./suite.ts";

export const GROUPS: readonly Group[] = [
  { name: "H-A", title: "Authorization header", cases: AUTHORIZATION },
  { name: "H-B", title: "JWT access tokens", cases: [...JWT_HEADER, ...JWT_CLAIMS, ...JWT_KEYS] },
  { name: "H-C", title: "Content type, encoding, framing", cases: [...CONTENT, ...FRAMING] },
  { name: "H-D", title: "Host, Origin, CORS, path", cases: [...HOST_AND_PATH, ...ORIGIN] },
  { name: "H-E", title: "JSON and JSON-RPC", cases: [...JSON_TEXT, ...RPC] },
  { name: "H-F", title: "Headers that must agree with the body", cases: AGREEMENT },
  { name: "H-G", title: "Tools, arguments, output", cases: TOOLS },
];
