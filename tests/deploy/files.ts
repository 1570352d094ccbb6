/** The files of deploy/, read as what they are, and the programs that check them where they are installed. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "../support/build.ts";

export const DEPLOY = join(ROOT, "deploy");

export function deployFile(name: string): string {
  return readFileSync(join(DEPLOY, name), "utf8");
}

/** A service of the compose file, as far as the tests look at it. */
export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly privileged?: boolean;
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly secrets?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly networks: readonly string[] | Readonly<Record<string, { ipv4_address: string }>>;
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

export function compose(): Compose {
  return parse(deployFile("compose.yaml"), { merge: true }) as Compose;
}

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The instructions of the container file by stage, continued lines joined. */
export function stages(): readonly (readonly Instruction[])[] {
  const lines = deployFile("Containerfile").replace(/^\s*#.*\n/gm, "").replace(/\\\n\s*/g, "")
    .split("\n").filter((line) => line.trim() !== "");
  const found: Instruction[][] = [];
  for (const line of lines) {
    const [, name, text] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === undefined || text === undefined) throw new Error(`No instruction: ${line}`);
    if (name === "FROM") found.push([]);
    found.at(-1)!.push({ name, text });
  }
  return found;
}

/** For the options of a test: the reason to skip it where a program does not answer. */
export function needsProgram(name: string, ...args: readonly string[]): { readonly skip?: string } {
  const missing = spawnSync(name, args, { stdio: "ignore" }).status !== 0;
  return missing ? { skip: `${name} is not installed` } : {};
}
