/** Asks a server for an old version of TLS, which no library offers any more, with a ClientHello of its own. */

import { Buffer } from "node:buffer";
import { connect } from "node:net";

/** The versions that RFC 8996 forbids, by their number on the wire. */
export const OLD_VERSIONS = { "TLS 1.0": 0x0301, "TLS 1.1": 0x0302 } as const;

const HANDSHAKE = 0x16;
const SERVER_HELLO = 2;
/** CBC suites that every implementation of TLS 1.0 and 1.1 had. */
const CIPHER_SUITES = [0xc009, 0xc00a, 0xc013, 0xc014, 0x002f, 0x0035, 0x000a];

/** Whether the server goes on with that version; undefined where it cannot be reached. */
export function accepts(
  url: URL,
  version: number,
  timeoutMs: number,
): Promise<boolean | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(url.port || 443), noDelay: true });
    let received = Buffer.alloc(0);
    let connected = false;
    const finish = (answer: boolean | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(connected ? false : undefined), timeoutMs);
    socket.on("connect", () => {
      connected = true;
      socket.write(clientHello(host, version));
    });
    socket.on("data", (chunk: Uint8Array) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 11) return;
      const isHello = received[0] === HANDSHAKE && received[5] === SERVER_HELLO;
      finish(isHello && received.readUInt16BE(9) === version);
    });
    socket.on("error", () => {});
    socket.on("close", () => finish(connected ? false : undefined));
  });
}

/** RFC 4346 section 7.4.1.2, with the server's name (RFC 6066 section 3) and the curves that ECDHE needs. */
function clientHello(host: string, version: number): Uint8Array {
  const name = Buffer.from(host, "latin1");
  const serverName = list(2, Buffer.concat([Buffer.from([0]), list(2, name)]));
  const isName = /[a-z]/i.test(host) && !host.includes(":");
  const extensions = Buffer.concat([
    ...(isName ? [extension(0, serverName)] : []),
    extension(10, list(2, words([0x001d, 0x0017, 0x0018]))),
    extension(11, list(1, Buffer.from([0]))),
  ]);
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
  const hello = Buffer.concat([
    words([version]),
    random,
    list(1, Buffer.alloc(0)),
    list(2, words(CIPHER_SUITES)),
    list(1, Buffer.from([0])),
    list(2, extensions),
  ]);
  const handshake = Buffer.concat([Buffer.from([1]), list(3, hello)]);
  return Buffer.concat([Buffer.from([HANDSHAKE]), words([0x0301]), list(2, handshake)]);
}

function extension(type: number, data: Uint8Array): Uint8Array {
  return Buffer.concat([words([type]), list(2, data)]);
}

/** Bytes behind their length, which takes so many bytes itself. */
function list(width: number, data: Uint8Array): Uint8Array {
  const length = Buffer.alloc(width);
  length.writeUIntBE(data.length, 0, width);
  return Buffer.concat([length, data]);
}

function words(values: readonly number[]): Uint8Array {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}
