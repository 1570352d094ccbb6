/** Opens the listening socket: the only file that names a runtime. */

import { createServer } from "node:net";
import { AppError } from "../errors.ts";
import type { Handler } from "./handler.ts";

/** An open listener. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections, lets running requests finish, and ends what is left after the time-out. */
  stop(timeoutMs: number): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly handler: Handler;
  /** Told when the system gives out no more connections: once, until there was peace for ten seconds. Deno only. */
  readonly onExhausted?: (error: unknown) => void;
}

type Address = Pick<ListenOptions, "host" | "port">;

/** The part of Bun that is used here; Deno's types come with Deno. */
interface BunServer {
  readonly port: number;
  requestIP(request: Request): { address: string } | null;
  stop(closeActive?: boolean): Promise<void>;
}
interface BunRuntime {
  serve(options: Record<string, unknown>): BunServer;
}

const RETRY_MS = 100;
const REPORT_MS = 10_000;

const bun = (globalThis as { Bun?: BunRuntime }).Bun;

/**
 * Starts to listen.
 *
 * @throws {AppError} `unavailable` where the address cannot be had.
 */
export function listen(options: ListenOptions): Listener {
  try {
    return bun ? listenOnBun(bun, options) : listenOnDeno(options);
  } catch (cause) {
    throw listenFailed(options, cause);
  }
}

/**
 * Checks that an address can be had, so that a start can fail before it has written anything.
 *
 * @throws {AppError} as `listen()` does.
 */
export function requireFree(address: Address): Promise<void> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once("error", (cause) => reject(listenFailed(address, cause)));
    probe.listen(address.port, address.host, () => probe.close(() => resolve()));
  });
}

function listenFailed({ host, port }: Address, cause: unknown): AppError {
  const inUse = /AddrInUse|EADDRINUSE|in use/i.test(String(cause));
  return new AppError(
    "unavailable",
    inUse
      ? `Port ${port} on ${host} is in use; stop what uses it or choose another port`
      : `Cannot listen on ${host}, port ${port}; check the address and the right to use it`,
    { reason: "listen_failed", cause },
  );
}

function listenOnDeno({ host, port, handler, onExhausted }: ListenOptions): Listener {
  const controller = new AbortController();
  const running = new Set<Promise<Response>>();
  let stopping = false;
  const start = (port: number) =>
    Deno.serve({
      hostname: host,
      port,
      signal: controller.signal,
      onListen: () => {},
      onError: plainError,
    }, (request, info) => {
      if (stopping) return stoppingSoon();
      const answer = handler(request, info.remoteAddr.hostname);
      running.add(answer);
      answer.finally(() => running.delete(answer));
      return answer;
    });
  let server = start(port);
  const { addr } = server;

  /** Deno stops to listen for good when no file is left for a connection, and anybody can open that many. */
  async function keepListening(): Promise<void> {
    let reportedAt = -Infinity;
    while (!stopping) {
      try {
        return await server.finished;
      } catch (error) {
        if (Date.now() - reportedAt > REPORT_MS) onExhausted?.(error);
        reportedAt = Date.now();
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      try {
        if (!stopping) server = start(addr.port);
      } catch {
        // The socket that listens needs a file as well.
      }
    }
  }
  void keepListening();

  return {
    port: addr.port,
    async stop(timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      stopping = true;
      // After shutdown() Deno gives out no more of a body, so a request that is still being read would fail.
      await within(Promise.allSettled(running), timeoutMs);
      if (!await within(server.shutdown(), deadline - Date.now())) controller.abort();
      await server.finished.catch(() => {});
    },
  };
}

function listenOnBun(runtime: BunRuntime, { host, port, handler }: ListenOptions): Listener {
  const server = runtime.serve(servable({ host, port, handler }));
  return {
    port: server.port,
    async stop(timeoutMs) {
      if (!await within(server.stop(), timeoutMs)) await server.stop(true);
    },
  };
}

/** The default export that `deno serve` and Bun start a listener for; Deno takes the address from its own flags. */
export function servable({ host, port, handler }: ListenOptions) {
  return {
    hostname: host,
    port,
    // The development page of Bun shows source code to whoever causes an error.
    development: false,
    error: plainError,
    // A silent stream outlives Bun's default of 10 seconds; the keep-alive comments come every 5.
    idleTimeout: 30,
    fetch: (request: Request, info: unknown) => handler(request, peerAddress(request, info)),
  };
}

/** The peer's address as the runtimes give it to a served `fetch`. */
function peerAddress(request: Request, info: unknown): string {
  if (bun) return (info as BunServer).requestIP(request)?.address ?? "";
  return (info as { remoteAddr?: { hostname?: string } } | undefined)?.remoteAddr?.hostname ?? "";
}

function plainError(): Response {
  return Response.json({ error: "internal", error_description: "Internal error" }, {
    status: 500,
    headers: { "cache-control": "no-store" },
  });
}

function stoppingSoon(): Response {
  return Response.json({
    error: "temporarily_unavailable",
    error_description: "The server is stopping; try again in a moment",
  }, {
    status: 503,
    headers: { "cache-control": "no-store", "connection": "close", "retry-after": "1" },
  });
}

async function within(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const finished = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return finished;
}
