/** Connections that behave badly: sockets that send what they are told, as slowly as told, and may never read. */

import { connect } from "node:net";
import type { Socket } from "node:net";

export interface Conduct {
  /** Sent at once. */
  readonly send: string;
  /** How often, each time after an answer; default 1. */
  readonly times?: number;
  /** Sent again and again after that. */
  readonly drip?: string;
  /** Default 1000. */
  readonly dripMs?: number;
  /** Whether answers are read; without that the server finds the window closed. */
  readonly read?: boolean;
  /** The address that the connections come from. */
  readonly from?: string;
}

export interface Connections {
  /** The statuses of the answers so far, as `401 x198, none x2`. */
  statuses(): string;
  /** How many the other side has ended. */
  closed(): number;
  /** Resolves when each has its answers or an end, or when the time is up. */
  answered(timeoutMs: number): Promise<void>;
  end(): void;
}

/** Where abusers come from, unless they say otherwise; the valid caller has another address. */
export const ABUSER = "127.0.0.9";

/** Opens connections to the server, all at once. */
export function openConnections(
  port: number,
  count: number,
  conduct: (index: number) => Conduct,
): Connections {
  const all = Array.from({ length: count }, (_, index) => open(port, conduct(index)));
  return {
    statuses: () => tally(all.flatMap(({ statuses }) => statuses.length > 0 ? statuses : "none")),
    closed: () => all.filter(({ closed }) => closed()).length,
    async answered(timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      while (Date.now() < deadline && !all.every(({ done }) => done())) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    end: () => all.forEach(({ socket }) => socket.destroy()),
  };
}

interface One {
  readonly socket: Socket;
  readonly statuses: readonly string[];
  /** Whether nothing more is to come. */
  done(): boolean;
  closed(): boolean;
}

function open(port: number, conduct: Conduct): One {
  const { send, times = 1, drip, dripMs = 1000, read = true, from = ABUSER } = conduct;
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  const statuses: string[] = [];
  let closed = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  socket.on("connect", () => {
    socket.write(send);
    if (drip !== undefined) timer = setInterval(() => socket.write(drip), dripMs);
  });
  if (read) {
    readStatuses(socket, (status) => {
      statuses.push(status);
      if (statuses.length < times) socket.write(send);
    });
  } else socket.pause();
  // A reset is an end like any other.
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
    clearInterval(timer);
  });
  return {
    socket,
    statuses,
    done: () => closed || statuses.length >= times,
    closed: () => closed,
  };
}

function readStatuses(socket: Socket, onStatus: (status: string) => void): void {
  let rest = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    const text = rest + chunk;
    for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d{3})/g)) onStatus(status!);
    // One character less than a match, so that none is counted twice.
    rest = text.slice(-11);
  });
}

/** Counts equal words. */
function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort().map(([word, count]) => `${word} x${count}`).join(", ");
}
