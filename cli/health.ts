/** `gatehouse health`: asks the server of this configuration how it is, for health checks where there is no curl. */

import { request } from "node:http";
import { AppError } from "../errors.ts";
import type { Readiness } from "../http/operator/readiness.ts";
import { columns, configFrom, NO_ANSWER, usageError, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Io, Register } from "./command.ts";
import type { Config } from "./config_schema.ts";
import { OPERATOR_HOST } from "./operator.ts";

const TIMEOUT_MS = 3_000;
/** What our own answers stay far below. */
const MAX_CHARACTERS = 64 * 1024;

interface Question {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** The Host header: the server refuses names that are not its own. */
  readonly name: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

export const registerHealth: Register = (program, io, setExit) => {
  withConfigFlags(program.command("health"))
    .description("ask the server on this machine whether it serves; exit code 1 where it does not")
    .option("--ready", "ask what it depends on too (needs the operator's port)")
    .action(async (flags: ConfigFlags & { ready?: boolean }) => {
      const config = await configFrom(io, flags);
      const healthy = await (flags.ready ? ready(io, config) : alive(io, config));
      if (!healthy) setExit(1);
    });
};

async function alive(io: Io, { host, port, allowedHosts }: Config): Promise<boolean> {
  const { status, text } = await ask({
    host: reachable(host),
    port,
    path: "/healthz",
    name: allowedHosts[0]!,
  });
  if (status === 200) io.out("ok");
  else io.err(`The server answers ${status}: ${text.slice(0, 200)}`);
  return status === 200;
}

async function ready(io: Io, { operator: { port } }: Config): Promise<boolean> {
  if (port === undefined) throw usageError("--ready needs GATEHOUSE_OPERATOR_PORT");
  const { status, text } = await ask({
    host: OPERATOR_HOST,
    port,
    path: "/readyz",
    name: `${OPERATOR_HOST}:${port}`,
  });
  const readiness = readinessIn(text);
  io.out(readiness.status);
  io.out(columns(
    Object.entries(readiness.checks).map((
      [name, { ok, detail }],
    ) => [name, ok ? "ok" : "failed", detail ?? ""]),
  ));
  return status === 200;
}

/** An address that means all of this machine's is asked under the one that never leaves it. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" || host === "[::]" ? "::1" : host.replace(/^\[(.*)\]$/, "$1");
}

function readinessIn(text: string): Readiness {
  try {
    const value = JSON.parse(text) as Readiness;
    if (typeof value.status === "string" && typeof value.checks === "object") return value;
  } catch {
    // Falls through to the one message below.
  }
  throw silent("What answers at the operator's port is not this server");
}

/** `fetch` would choose the Host header itself. */
function ask({ host, port, path, name }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(silent(`No answer from ${host}, port ${port}`));
    const question = request(
      { host, port, path, headers: { host: name }, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
          if (text.length > MAX_CHARACTERS) question.destroy(new Error("too long"));
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", fail);
      },
    );
    const timer = setTimeout(() => question.destroy(new Error("too late")), TIMEOUT_MS);
    question.on("error", fail).on("close", () => clearTimeout(timer)).end();
  });
}

function silent(message: string): AppError {
  return new AppError("unavailable", message, { reason: NO_ANSWER });
}
