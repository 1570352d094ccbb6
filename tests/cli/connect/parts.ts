/** The parts of a bridge put together as the command does, with a host that is a list of lines. */

import * as oauth from "oauth4webapi";
import { createBridge } from "../../../cli/connect/bridge.ts";
import type { Bridge } from "../../../cli/connect/bridge.ts";
import { createExchange } from "../../../cli/connect/exchange.ts";
import { createTokenSource } from "../../../cli/connect/tokens.ts";
import type { TokenSourceOptions } from "../../../cli/connect/tokens.ts";
import type { MachineClient } from "../../../cli/token_client.ts";

// deno-lint-ignore no-explicit-any -- messages of many shapes, which the tests spell out
export type Message = any;

export const CLIENT: MachineClient = {
  clientId: "robot",
  authenticate: () => oauth.ClientSecretBasic("client-secret"),
  remedy: "Do something else",
};

export interface Bridged {
  readonly bridge: Bridge;
  /** What the host was told so far. */
  readonly said: readonly Message[];
  /** The same as it was written. */
  readonly lines: readonly string[];
  readonly log: readonly string[];
  /** Sends a request and waits for its response. */
  ask(id: number | string, method: string, params?: Record<string, unknown>): Promise<Message>;
  tell(message: Record<string, unknown>): void;
}

export interface BridgedOptions extends Partial<TokenSourceOptions> {
  readonly headers?: Readonly<Record<string, string>>;
}

export function bridgeTo(resource: URL, options: BridgedOptions = {}): Bridged {
  const said: Message[] = [];
  const lines: string[] = [];
  const log: string[] = [];
  const waiting: (() => void)[] = [];
  const note = (text: string, properties: unknown = {}) =>
    void log.push(`${text} ${JSON.stringify(properties)}`);
  const logger = { debug: note, info: note, warning: note, error: note };
  const tokens = createTokenSource({
    resource,
    client: CLIENT,
    scopes: [],
    now: Date.now,
    logger,
    ...options,
  });
  const bridge = createBridge({
    resource,
    exchange: createExchange({ resource, headers: options.headers ?? {}, tokens, logger }),
    logger,
    host: {
      send(line) {
        lines.push(line);
        said.push(JSON.parse(line));
        for (const wake of waiting.splice(0)) wake();
        return Promise.resolve();
      },
    },
  });
  const tell = (message: Record<string, unknown>) =>
    bridge.receive(JSON.stringify({ jsonrpc: "2.0", ...message }));
  return {
    bridge,
    said,
    lines,
    log,
    tell,
    async ask(id, method, params) {
      tell({ id, method, ...(params ? { params } : {}) });
      for (;;) {
        const answer = said.find((message) => message.id === id && !("method" in message));
        if (answer) return answer;
        await new Promise<void>((resolve) => void waiting.push(resolve));
      }
    },
  };
}

export const MODERN = {
  _meta: {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  },
};
