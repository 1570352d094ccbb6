/** Checks on bodies: one JSON-RPC message, in JSON, of a bounded size. They need a way in. */

import type { Answer } from "./answer.ts";
import { fault, mild, PASS } from "./check.ts";
import type { Check, Group, Outcome } from "./check.ts";
import type { Sent } from "./context.ts";
import { speaker } from "./facts.ts";
import type { Speaker } from "./facts.ts";
import { LARGE_BYTES, LATEST_LEGACY, legacy, messageOf, summary, withHeader } from "./messages.ts";

const HTTP = "MCP 2026-07-28 Streamable HTTP";

const batch: Check = {
  id: "message-batch",
  title: "A batch is refused",
  rule: "MCP 2025-06-18 and later, Streamable HTTP: the body is a single message",
  severity: "fail",
  remedy: "Answer 400 to an array: one request would slip past what counts and checks requests.",
  async run(context) {
    const { era, session, request } = await context.fact(speaker);
    const own = request("tools/list");
    const old = {
      ...own,
      ...legacy("tools/list", {}, session ?? { revision: LATEST_LEGACY, id: undefined }),
    };
    // A server of 2026-07-28 may still read batches for the revision that had them.
    for (const one of era === "modern" ? [own, old] : [old]) {
      const answer = await context.attempt({ ...one, body: `[${one.body},${one.body}]` });
      const outcome = refusedWith([400])(answer);
      if (outcome !== PASS) return outcome;
    }
    return PASS;
  },
};

const contentType = changed({
  id: "message-content-type",
  title: "Only application/json is taken",
  rule: `${HTTP}; RFC 9110 section 15.5.16`,
  severity: "fail",
  remedy: "Answer 415 to another type: a web page can send text/plain without asking first.",
  change: ({ request }) => withHeader(request("tools/list"), "content-type", "text/plain"),
  accept: refusedWith([415, 400]),
});

const charset = changed({
  id: "message-charset",
  title: "Only UTF-8 is taken",
  rule: "RFC 8259 section 8.1",
  severity: "warn",
  remedy: "Answer 415 to a charset other than utf-8, or two readers see two texts.",
  change: ({ request }) =>
    withHeader(request("tools/list"), "content-type", "application/json; charset=utf-16"),
  accept: refusedWith([415, 400]),
});

const encoding = changed({
  id: "message-encoding",
  title: "A content coding that is not there is refused",
  rule: "RFC 9110 section 8.4 and 15.5.16",
  severity: "warn",
  remedy: "Answer 415 where Content-Encoding is present, or decode the body.",
  change: ({ request }) => withHeader(request("tools/list"), "content-encoding", "gzip"),
  accept: refusedWith([415, 400]),
});

const size = changed({
  id: "message-size",
  title: "A body of 100 MiB is refused by its length",
  rule: "RFC 9110 section 15.5.14",
  severity: "warn",
  remedy: "Answer 413 by Content-Length before reading, and count while reading.",
  change: ({ request }) => ({ ...request("tools/list"), body: "", declaredLength: LARGE_BYTES }),
  accept: refusedWith([413]),
});

const malformed = changed({
  id: "message-malformed",
  title: "Broken JSON is refused as such",
  rule: "JSON-RPC 2.0 section 5.1 (-32700)",
  severity: "fail",
  remedy: "Answer 400 with the JSON-RPC error -32700.",
  change: ({ request }) => ({ ...request("tools/list"), body: '{"jsonrpc": "2.0", "id": 1,' }),
  accept: refusedWith([400]),
});

const duplicate = changed({
  id: "message-duplicate-keys",
  title: "JSON with the same name twice is refused",
  rule: "RFC 8259 section 4; RFC 7493 section 2.3",
  severity: "warn",
  remedy: "Parse strictly: a gateway in front may decide by the other one of the two.",
  change: ({ request }) => {
    const list = request("tools/list");
    return { ...list, body: list.body.replace('"id":1', '"id":2,"id":1') };
  },
  accept: refusedWith([400]),
});

const unknownMethod = changed({
  id: "message-unknown-method",
  title: "An unknown method is refused as such",
  rule: `${HTTP} (404 with -32601); JSON-RPC 2.0 section 5.1`,
  severity: "warn",
  remedy: "Answer the JSON-RPC error -32601, for 2026-07-28 with status 404.",
  change: ({ request }) => request("doctor/unknown"),
  accept: (answer, { era }) => {
    const right = messageOf(answer)?.error?.code === -32601 &&
      (era === "legacy" || answer?.status === 404);
    return right ? PASS : fault(summary(answer));
  },
});

const get = changed({
  id: "message-get",
  title: "GET opens a stream or is refused with 405",
  rule: `${HTTP}, Backward Compatibility; MCP 2025-11-25 Streamable HTTP`,
  severity: "warn",
  remedy: "Answer 405 with Allow: POST where no stream is offered.",
  change: (speaker) => bodiless("GET", speaker),
  accept: (answer) => {
    const type = answer?.header("content-type") ?? "";
    const streams = answer?.status === 200 && type.startsWith("text/event-stream");
    return streams ? PASS : refusedWith([405, 400])(answer);
  },
});

const remove = changed({
  id: "message-delete",
  title: "DELETE without a session is refused",
  rule: `${HTTP}, Backward Compatibility`,
  severity: "warn",
  remedy: "Answer 405 with Allow: POST where there are no sessions.",
  change: ({ request }) => ({ ...bodiless("DELETE", { request }), headers: [] }),
  accept: refusedWith([405, 400, 404]),
});

interface Change extends Omit<Check, "run"> {
  change(speaker: Speaker): Sent;
  accept(answer: Answer | undefined, speaker: Speaker): Outcome;
}

function changed({ change, accept, ...about }: Change): Check {
  return {
    ...about,
    async run(context) {
      const found = await context.fact(speaker);
      return accept(await context.attempt(change(found)), found);
    },
  };
}

/** Passes for these statuses and for a connection that is closed; another refusal is a warning, to be served a fault. */
function refusedWith(statuses: readonly number[]) {
  return (answer: Answer | undefined): Outcome => {
    if (answer === undefined || statuses.includes(answer.status)) return PASS;
    return answer.status >= 400 && answer.status < 500
      ? mild(`${summary(answer)} instead of ${statuses[0]}`)
      : fault(summary(answer));
  };
}

function bodiless(method: string, { request }: Pick<Speaker, "request">): Sent {
  const { token, headers } = request("tools/list");
  return {
    method,
    headOnly: true,
    headers: [
      ["accept", "text/event-stream"],
      ...headers.filter(([name]) => name === "mcp-session-id" || name === "mcp-protocol-version"),
    ],
    ...(token === undefined ? {} : { token }),
  };
}

export const message: Group = {
  id: "message",
  title: "Messages",
  checks: [
    batch,
    contentType,
    charset,
    encoding,
    size,
    malformed,
    duplicate,
    unknownMethod,
    get,
    remove,
  ],
};
