/** The command line: picks one command, runs it, and turns what it throws into one line and an exit code. */

import { Command, CommanderError } from "commander";
import { AppError } from "../errors.ts";
import { registerAudit } from "./audit.ts";
import { registerCall } from "./call.ts";
import { registerClients } from "./clients.ts";
import { NO_ANSWER, processIo } from "./command.ts";
import type { ExitCode, Io } from "./command.ts";
import { registerConnect } from "./connect.ts";
import { registerDoctor } from "./doctor.ts";
import { registerExplain } from "./explain.ts";
import { registerConfig } from "./show_config.ts";
import { registerHashPassword } from "./hash_password.ts";
import { registerHealth } from "./health.ts";
import { registerNetwork } from "./network.ts";
import { registerNew } from "./new_tool.ts";
import { registerRevoke } from "./revoke.ts";
import { registerServe } from "./serve.ts";
import { registerToken } from "./token.ts";
import { registerTools } from "./tools.ts";
import { NAME, VERSION } from "./version.ts";

/** Runs the program with the given arguments and returns its exit code. */
export async function run(args: readonly string[], io: Io = processIo): Promise<ExitCode> {
  let exit: ExitCode = 0;
  const program = buildProgram(io, (code) => (exit = code));
  try {
    await program.parseAsync([...args], { from: "user" });
    return exit;
  } catch (error) {
    return explain(error, io);
  }
}

function buildProgram(io: Io, setExit: (code: ExitCode) => void): Command {
  const program = new Command(NAME)
    .description("An auth-first MCP server in one executable")
    .version(`${NAME} ${VERSION}`, "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError(`Run ${NAME} --help for the commands`);
  for (
    const register of [
      registerServe,
      registerClients,
      registerRevoke,
      registerToken,
      registerCall,
      registerConnect,
      registerTools,
      registerNew,
      registerExplain,
      registerAudit,
      registerDoctor,
      registerHealth,
      registerConfig,
      registerNetwork,
      registerHashPassword,
    ]
  ) register(program, io, setExit);
  program.command("version").description("print the version")
    .action(() => io.out(`${NAME} ${VERSION}`));
  // Settings such as the exit override do not reach commands that are added later by themselves.
  const inherit = (command: Command) => {
    for (const child of command.commands) {
      child.copyInheritedSettings(command);
      inherit(child);
    }
  };
  inherit(program);
  return program;
}

/** What is unavailable, though the configuration is right. */
const FAILURES = new Set([NO_ANSWER, "revocations_full"]);

function explain(error: unknown, io: Io): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof AppError) {
    io.err(error.message.split("\n").map((line) => `${NAME}: ${line}`).join("\n"));
    // A port, a store or a key file that cannot be had is a matter of configuration. A server that is silent is not, nor
    // is what passes by itself: a service manager may try again after a 1 and not after a 2.
    const passes = FAILURES.has(error.reason) || error.retryAfterSeconds !== undefined;
    const misconfigured = error.code === "invalid_request" || error.code === "invalid_input" ||
      error.code === "unavailable" && !passes;
    return misconfigured ? 2 : 1;
  }
  io.err(`${NAME}: unexpected failure: ${error instanceof Error ? error.stack : String(error)}`);
  return 1;
}
