/** A host of a stdio server: starts it as a child process and speaks JSON-RPC with it, one message a line. */

import type { ChildProcess } from "node:child_process";

// deno-lint-ignore no-explicit-any -- messages of many shapes, which the tests spell out
type Value = any;

/** What came back for a request. */
export interface Answer {
  readonly result?: Value;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Value };
}

export interface StdioHost {
  request(method: string, params?: Record<string, unknown>): Promise<Answer>;
  notify(method: string, params?: Record<string, unknown>): void;
  /** Answers each request of the child with a result from now on. */
  onRequest(answer: (method: string, params: Value) => Value): void;
  /** Writes a line as it is. */
  write(line: string): void;
  /** All answers so far that name no request. */
  readonly complaints: readonly Answer[];
  /** The id that the last request had. */
  lastId(): number;
  /** Closes stdin, waits for the child to end, and returns its exit code. */
  end(): Promise<number | null>;
  /** All notifications and requests so far. */
  readonly notifications: readonly { readonly method: string; readonly params: Value }[];
  /** The next match in what the child writes to stderr; each call goes on behind the match before. */
  waitForLog(pattern: RegExp): Promise<RegExpExecArray>;
  /** Everything on stderr so far. */
  log(): string;
}

/** Runs a test against the stdio server that `start` starts, and ends it. */
export async function withStdioHost(
  start: () => ChildProcess,
  run: (host: StdioHost) => Promise<void>,
): Promise<void> {
  const child = start();
  const pending = new Map<number, (answer: Answer) => void>();
  const notifications: { method: string; params: Value }[] = [];
  let answerRequest: ((method: string, params: Value) => Value) | undefined;
  const complaints: Answer[] = [];
  let log = "";
  let readTo = 0;
  let nextId = 1;
  let wake: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  const ended = new Promise<never>((_, reject) => (fail = reject));
  ended.catch(() => {});
  child.on("error", fail);
  child.stdin?.on("error", fail);
  const closed = new Promise<number | null>((resolve) =>
    child.on("close", (code) => {
      fail(new Error(`The child ended with ${code}:\n${log}`));
      resolve(code);
    })
  );
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    log += text;
    wake();
  });
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) receive(JSON.parse(line));
  });

  function receive(message: Value): void {
    if ("method" in message) {
      notifications.push(message);
      if ("id" in message && answerRequest) {
        send({ id: message.id, result: answerRequest(message.method, message.params) });
      }
      return;
    }
    if (message.id === null) return void complaints.push(message);
    pending.get(message.id)?.(message);
    pending.delete(message.id);
  }

  function send(message: Record<string, unknown>): void {
    child.stdin?.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
  }

  const host: StdioHost = {
    notifications,
    request(method, params) {
      const id = nextId++;
      const answer = new Promise<Answer>((resolve) => pending.set(id, resolve));
      send({ id, method, ...(params ? { params } : {}) });
      return Promise.race([answer, ended]);
    },
    onRequest: (answer) => void (answerRequest = answer),
    write: (line) => void child.stdin?.write(`${line}\n`),
    complaints,
    lastId: () => nextId - 1,
    end() {
      child.stdin?.end();
      return closed;
    },
    notify: (method, params) => send({ method, ...(params ? { params } : {}) }),
    async waitForLog(pattern) {
      for (;;) {
        const match = pattern.exec(log.slice(readTo));
        if (match) {
          readTo += match.index + match[0].length;
          return match;
        }
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), ended]);
      }
    },
    log: () => log,
  };
  try {
    await run(host);
  } finally {
    if (child.exitCode === null) child.kill("SIGKILL");
    await closed;
  }
}
