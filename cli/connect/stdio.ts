/** The host's side of the bridge: one JSON-RPC message a line on stdin and stdout. */

export interface HostOutput {
  /** Writes one line and resolves when it has left, so that who waits is as slow as the reader; never rejects. */
  send(line: string): Promise<void>;
}

/** What the bridge needs of a stream that can be written to. */
export interface Writable {
  write(text: string, done: (error?: Error | null) => void): boolean;
}

/** Wraps stdout; `onGone` is told once where nobody reads it any more. */
export function hostOutput(stream: Writable, onGone: () => void): HostOutput {
  return {
    send: (line) =>
      new Promise((resolve) => {
        stream.write(`${line}\n`, (error) => {
          if (error) onGone();
          resolve();
        });
      }),
  };
}

/** A line that cannot be used, with the reason. */
export interface Unreadable {
  readonly why: string;
}

/** Cuts bytes into lines of at most `maxBytes` each; blank ones are left out. */
export function lineCutter(
  maxBytes: number,
  onLine: (line: string | Unreadable) => void,
): (chunk: Uint8Array) => void {
  let parts: Uint8Array[] = [];
  let size = 0;
  const keep = (part: Uint8Array) => {
    size += part.byteLength;
    if (size > maxBytes) parts = [];
    else if (part.byteLength > 0) parts.push(part);
  };
  const finish = () => {
    const line = size > maxBytes ? { why: `it has more than ${maxBytes} bytes` } : decode(parts);
    [parts, size] = [[], 0];
    if (line !== "") onLine(line);
  };
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      keep(chunk.subarray(from, end));
      finish();
      from = end + 1;
    }
    // A copy: the runtime may use the buffer of a chunk again.
    keep(chunk.slice(from));
  };
}

function decode(parts: readonly Uint8Array[]): string | Unreadable {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    const text = parts.map((part) => decoder.decode(part, { stream: true })).join("");
    return (text + decoder.decode()).trim();
  } catch {
    return { why: "it is not UTF-8" };
  }
}
