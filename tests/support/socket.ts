/** Sends bytes as they are and reads the answer: fetch() sets Host itself and joins headers. */

import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; repeated ones joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * Sends one request over a connection of its own and reads until the server closes it.
 *
 * The lines are the request line and the headers; `connection: close` is added, and with a body its length.
 */
export function sendRaw(
  port: number,
  lines: readonly string[],
  body?: string,
  /** The address to connect from, one of 127.0.0.0/8. */
  from = "127.0.0.1",
): Promise<RawAnswer> {
  const length = body === undefined ? [] : [`content-length: ${new Blob([body]).size}`];
  const head = [...lines, "connection: close", ...length].join("\r\n");
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress: from });
    const chunks: Uint8Array[] = [];
    socket.setTimeout(10_000, () => socket.destroy(new Error("No answer in ten seconds")));
    socket.on("error", reject);
    socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    socket.on("close", () => {
      const bytes = new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
      resolve(parseAnswer(new TextDecoder().decode(bytes)));
    });
    socket.write(`${head}\r\n\r\n${body ?? ""}`);
  });
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = "", value = ""] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    const known = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), known === undefined ? value : `${known}, ${value}`);
  }
  const body = text.slice(end + 4);
  return {
    status: Number(first.split(" ")[1] ?? 0),
    headers,
    body: headers.get("transfer-encoding") === "chunked" ? unchunked(body) : body,
  };
}

/** The tests send ASCII, so a length in bytes is a length in characters. */
function unchunked(text: string): string {
  let rest = text;
  let body = "";
  for (;;) {
    const end = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (!(size > 0)) return body;
    body += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 2 + size + 2);
  }
}
