/** Runs commands in this process, against a real server with a database of its own in a new folder. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../cli/mod.ts";
import { startServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";

export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export type Environment = Readonly<Record<string, string>>;

/** Runs one command with nothing of this process's environment. */
export async function gatehouse(
  args: readonly string[],
  env: Environment = {},
  input = "",
): Promise<Finished> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(args, {
    env,
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    input: () => Promise.resolve(input),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A running server, and the environment in which a command finds it. */
export interface Scene {
  readonly server: RunningServer;
  readonly env: Environment;
  readonly folder: string;
  gatehouse(args: readonly string[], input?: string): Promise<Finished>;
}

export async function withServer(work: (scene: Scene) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const store = { GATEHOUSE_STORE: `sqlite:${join(folder, "gatehouse.db")}` };
    const server = await startServer({ env: store });
    const env = {
      ...store,
      GATEHOUSE_PORT: String(server.port),
      GATEHOUSE_ISSUER_PORT: new URL(server.app.issuers[0]!).port,
    };
    try {
      await work({
        server,
        env,
        folder,
        gatehouse: (args, input) => gatehouse(args, env, input),
      });
    } finally {
      await server.stop();
    }
  });
}

/** The access token that a command line on this machine gets, with these scopes. */
export async function tokenWith(scene: Scene, scopes: string): Promise<string> {
  const { out } = await scene.gatehouse(["token", "--scopes", scopes]);
  return out;
}
