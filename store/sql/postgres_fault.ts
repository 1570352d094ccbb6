/** What an error of PostgreSQL or of the way to it means for the store. */

import type { Fault } from "./fault.ts";

/** Returns the fault, or undefined for a mistake of ours, such as a violated constraint. */
export function faultOfPostgres(error: unknown): Fault | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const known = typeof code === "string"
    ? FAULT_OF_CODE[code] ?? (SQLSTATE.test(code) ? FAULT_OF_CLASS[code.slice(0, 2)] : undefined)
    : undefined;
  if (known !== undefined) return known;
  return FAULT_OF_MESSAGE.find(([pattern]) => pattern.test(String(message)))?.[1];
}

/** Whether the connection is still good: after an error that the server reported about a statement, and no other. */
export function outlives(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" && SQLSTATE.test(code) && !ENDS_SESSION.test(code);
}

const SQLSTATE = /^[0-9A-Z]{5}$/;
const ENDS_SESSION = /^(08|57P|25P03)/;

/** SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html), and codes of the runtime's sockets and TLS. */
const FAULT_OF_CODE: Readonly<Record<string, Fault>> = {
  "25006": "read_only",
  "25P03": "connection_lost",
  "3D000": "no_database",
  "3F000": "no_privilege",
  "40001": "contended",
  "40P01": "contended",
  "42501": "no_privilege",
  "53100": "disk_full",
  "53200": "overloaded",
  "53300": "overloaded",
  "55P03": "contended",
  "57014": "slow",
  "57P01": "connection_lost",
  "57P02": "connection_lost",
  "57P03": "unreachable",
  "57P05": "connection_lost",
  "58030": "disk_error",
  XX001: "damaged",
  XX002: "damaged",
  ECONNREFUSED: "unreachable",
  EAI_AGAIN: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ENOENT: "unreachable",
  ENOTFOUND: "unreachable",
  ETIMEDOUT: "unreachable",
  ECONNABORTED: "connection_lost",
  ECONNRESET: "connection_lost",
  EPIPE: "connection_lost",
  CERT_HAS_EXPIRED: "untrusted_certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "untrusted_certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "untrusted_certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "untrusted_certificate",
  UNABLE_TO_GET_ISSUER_CERT: "untrusted_certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "untrusted_certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "untrusted_certificate",
};

const FAULT_OF_CLASS: Readonly<Record<string, Fault>> = {
  "08": "connection_lost",
  "28": "login_refused",
  "53": "overloaded",
  "58": "disk_error",
};

/** Errors that have no code. */
const FAULT_OF_MESSAGE: readonly (readonly [RegExp, Fault])[] = [
  [/does not support SSL/, "no_tls"],
  [/certificate/i, "untrusted_certificate"],
  [/^timeout exceeded when trying to connect$/, "overloaded"],
  [/due to connection timeout$|^timeout expired$/, "unreachable"],
  [/^Query read timeout$/, "slow"],
  [/^Connection terminated|is not queryable$|closed state|SSL connection/, "connection_lost"],
];
