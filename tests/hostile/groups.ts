/** The groups of the suite, in the order of the document. */

import { AUTHORIZATION } from "./cases_authorization.ts";
import { JWT_CLAIMS } from "./cases_jwt_claims.ts";
import { JWT_HEADER } from "./cases_jwt_header.ts";
import { JWT_KEYS } from "./cases_jwt_keys.ts";
import type { Group } from "./suite.ts";

export const GROUPS: readonly Group[] = [
  { name: "H-A", title: "Authorization header", cases: AUTHORIZATION },
  { name: "H-B", title: "JWT access tokens", cases: [...JWT_HEADER, ...JWT_CLAIMS, ...JWT_KEYS] },
];
