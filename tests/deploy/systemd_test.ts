/** The systemd unit: taken by systemd as it is, sealed as far as the runtimes allow, and in accord with the settings. */

import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { loadConfig, VARIABLES } from "../../cli/config.ts";
import { withDirectory } from "../support/process.ts";
import { DEPLOY, deployFile, needsProgram } from "./files.ts";

const unit = deployFile("gatehouse.service");
const systemd = needsProgram("systemd-analyze", "--version");

/** The values of a directive, in their order. */
const valuesOf = (name: string) =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value]) => value!);

test("every variable that the unit sets is one of the program's, and no secret is among them", () => {
  const names = valuesOf("Environment").map((text) => text.split("=")[0]!);
  assert(names.length > 0);
  for (const name of names) assert(name in VARIABLES || name === "GATEHOUSE_CONFIG", name);
  assertEquals(unit.match(/password|secret=/i), null);
});

test("the service runs as a user of its own, which the configuration's group and its directory go to", async () => {
  assertEquals(valuesOf("User"), ["gatehouse"]);
  assertEquals(valuesOf("DynamicUser"), []);
  const config = await loadConfig({ env: {}, file: join(DEPLOY, "config.json") });
  assert(config.store.startsWith(`sqlite:/var/lib/${valuesOf("StateDirectory")[0]}/`));
});

test("the service is given longer to stop than its calls are to finish", async () => {
  const config = await loadConfig({ env: {}, file: join(DEPLOY, "config.json") });
  const seconds = Number(valuesOf("TimeoutStopSec")[0]);
  assert(seconds * 1000 > config.drainDelayMs + config.drainTimeoutMs + 5000);
});

test("systemd takes the unit without a remark", systemd, () =>
  withDirectory((folder) => {
    // The one thing that it would miss here is the program.
    const program = join(folder, "gatehouse");
    writeFileSync(program, "#!/bin/sh\n");
    chmodSync(program, 0o755);
    const copy = join(folder, "gatehouse.service");
    writeFileSync(copy, unit.replaceAll("/usr/local/bin/gatehouse", program));
    const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", copy], {
      encoding: "utf8",
    });
    const about = (stdout + stderr).split("\n").filter((line) => line.includes("gatehouse"));
    assertEquals([status, about], [0, []]);
    return Promise.resolve();
  }));

test(
  "systemd finds nothing left to seal but what a network server and a compiler need",
  systemd,
  (t) => {
    const args = [
      "security",
      "--offline=true",
      "--no-pager",
      "--json=short",
      join(DEPLOY, "gatehouse.service"),
    ];
    const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
    if (/unrecognized option/.test(stderr)) return t.skip("this systemd cannot look at a file");
    assertEquals(status, 0, stderr);
    const findings: readonly { readonly name: string; readonly set: boolean | null }[] = JSON.parse(
      stdout,
    );
    const open = findings.filter(({ set }) => set === false).map(({ name }) => name).sort();
    assertEquals(open.filter((name) => !LEFT_OPEN.includes(name)), []);
  },
);

/** What stays open, and why. */
const LEFT_OPEN = [
  // It serves the network, and calls issuers wherever they are.
  "PrivateNetwork=",
  "IPAddressDeny=",
  "RestrictAddressFamilies=~AF_(INET|INET6)",
  "RestrictAddressFamilies=~AF_UNIX",
  "RestrictAddressFamilies=~AF_NETLINK",
  // Both runtimes compile to machine code while they run.
  "MemoryDenyWriteExecute=",
  // ProtectClock= itself leaves the right to read that one device.
  "DeviceAllow=",
  // The unit cannot know the machine's other directories.
  "RootDirectory=/RootImage=",
];
