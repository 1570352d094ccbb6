/** The first stage: is this request addressed to us, under a name we have, in a size we take. */

import { AppError } from "../errors.ts";
import type { ProtectedResource } from "../auth/metadata.ts";
import { bodyTooLarge } from "./body.ts";

/** What a request is held against before anything else is looked at. */
export interface Admission<Named = ProtectedResource> {
  /** Each accepted Host value (`host:port`, lower case) and the resource under that name. */
  readonly hosts: ReadonlyMap<string, Named>;
  readonly maxBodyBytes: number;
}

const AUTHORITY = /^https?:\/\/([^/?#\\]*)/i;
const MAX_URL_LENGTH = 16 * 1024;
const MAX_HEADER_LENGTH = 32 * 1024;
const MAX_HEADERS = 100;

/**
 * Returns the request's URL and the resource that its Host names.
 *
 * The raw Host value must be in the list: URL parsers read `evil@127.0.0.1` and `2130706433` as our own address. The
 * request target must name the same authority, as raw, or a request line with another host would pass (RFC 9112
 * section 3.2.2).
 *
 * @throws {AppError} `forbidden`, `uri_too_long`, `header_fields_too_large`, `invalid_request`, `payload_too_large`.
 */
export function admit<Named>(
  request: Request,
  admission: Admission<Named>,
): { url: URL; resource: Named } {
  if (request.url.length > MAX_URL_LENGTH) {
    throw new AppError("uri_too_long", `The URL is longer than ${MAX_URL_LENGTH} characters`);
  }
  const host = request.headers.get("host")?.toLowerCase() ?? "";
  const resource = admission.hosts.get(host);
  if (resource === undefined) throw forbiddenHost("host_not_allowed");
  if (!URL.canParse(request.url)) throw forbiddenHost("target_malformed");
  const authority = AUTHORITY.exec(request.url)?.[1]?.toLowerCase();
  if (authority !== host && authority !== host.replace(/:(80|443)$/, "")) {
    throw forbiddenHost("target_mismatch");
  }
  checkHeaderSize(request.headers);
  checkTransferCoding(request.headers);
  if (Number(request.headers.get("content-length") ?? 0) > admission.maxBodyBytes) {
    throw bodyTooLarge(admission.maxBodyBytes);
  }
  return { url: new URL(request.url), resource };
}

/** Runtimes bound headers, each in its own way; this is the bound that holds on all of them. */
function checkHeaderSize(headers: Headers): void {
  let length = 0;
  let count = 0;
  for (const [name, value] of headers) {
    length += name.length + value.length;
    count += 1;
  }
  if (length > MAX_HEADER_LENGTH || count > MAX_HEADERS) {
    throw new AppError("header_fields_too_large", "The request has too many or too large headers");
  }
}

/** Runtimes take any list of codings that they can read as chunked, and give out a body that is still encoded. */
function checkTransferCoding(headers: Headers): void {
  const coding = headers.get("transfer-encoding");
  if (coding === null || coding.toLowerCase() === "chunked") return;
  throw new AppError("invalid_request", "Send the body without a transfer coding but chunked", {
    reason: "transfer_coding",
  });
}

function forbiddenHost(reason: string): AppError {
  return new AppError("forbidden", "This server is not reached under that host name", { reason });
}
