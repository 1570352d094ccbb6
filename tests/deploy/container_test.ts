/** The container file: its own commands, run in an empty directory with what it copies, and the image that they make. */

import { spawn, spawnSync } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { chmod, chown, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import manifest from "../../package.json" with { type: "json" };
import { EXECUTABLES, ROOT } from "../support/build.ts";
import { needs } from "../support/process.ts";
import { freePort, startIssuer } from "../support/server.ts";
import { DEPLOY, deployFile, needsProgram, stages } from "./files.ts";
import type { Instruction } from "./files.ts";

const [build, image] = stages() as [readonly Instruction[], readonly Instruction[]];
const ID = 65532;

const textsOf = (stage: readonly Instruction[], name: string) =>
  stage.filter((instruction) => instruction.name === name).map(({ text }) => text);

test("base images are named by a whole version, those of the runtimes by the one that is tested", () => {
  const bases = [
    ...textsOf(build, "FROM"),
    ...textsOf(build, "COPY").flatMap((text) => /--from=(\S+)/.exec(text)?.[1] ?? []),
  ];
  assertEquals(bases.length, 2);
  for (const base of bases) assertMatch(base, /^docker\.io\/[a-z/]+:[a-z0-9.-]*\d+\.\d+\.\d+/);
  const ci = readFileSync(join(ROOT, ".ci", "run"), "utf8");
  for (const runtime of ["deno", "bun"]) {
    const version = new RegExp(`\\b${runtime}@(\\d+\\.\\d+\\.\\d+)`).exec(ci)![1]!;
    assertStringIncludes(bases.join(" "), version);
  }
  assertEquals(textsOf(image, "FROM"), ["scratch"]);
});

test("the image runs as nobody in particular, without a shell, and asks itself for its health", () => {
  assertEquals(textsOf(image, "USER"), [`${ID}:${ID}`]);
  assertEquals(textsOf(image, "RUN"), []);
  for (const name of ["ENTRYPOINT", "CMD"]) JSON.parse(textsOf(image, name)[0]!);
  assertMatch(textsOf(image, "HEALTHCHECK")[0]!, / CMD \["\/gatehouse", "health"\]$/);
  assertEquals(textsOf(image, "ENV").join(" ").match(/SECRET|PASSWORD|TOKEN/i), null);
});

test("the build context is what the container file copies, and nothing more", () => {
  const copied = localCopies().flatMap(({ from }) => from).sort();
  const allowed = deployFile("Containerfile.dockerignore").split("\n")
    .filter((line) => line.startsWith("!")).map((line) => line.slice(1)).sort();
  assertEquals(copied, allowed);
});

/** What is copied from the checkout. */
function localCopies(): readonly { readonly from: readonly string[]; readonly to: string }[] {
  return textsOf(build, "COPY").filter((text) => !text.startsWith("--")).map((text) => {
    const words = text.split(/\s+/);
    return { from: words.slice(0, -1), to: words.at(-1)! };
  });
}

let made: { readonly path: string; readonly failure: string } | undefined;
after(() => made && rmSync(dirname(made.path), { recursive: true, force: true }));

/** Follows the build stage outside a container. */
function makeImage(): { readonly path: string; readonly failure: string } {
  if (made) return made;
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-image-"));
  const [source, path] = [join(folder, "src"), join(folder, "image")];
  mkdirSync(source);
  const PATH = Object.values(EXECUTABLES).filter((name) => name.includes("/")).map(dirname)
    .concat(process.env["PATH"] ?? "").join(":");
  for (const { name, text } of build) {
    if (name === "COPY" && !text.startsWith("--")) {
      const words = text.split(/\s+/);
      const to = words.pop()!;
      for (const word of words) {
        cpSync(join(ROOT, word), join(source, to.endsWith("/") ? join(to, word) : to), {
          recursive: true,
        });
      }
    }
    if (name !== "RUN") continue;
    const done = spawnSync("sh", ["-c", text.replaceAll("/image", path)], {
      cwd: source,
      encoding: "utf8",
      env: { ...process.env, PATH, NO_COLOR: "1" },
    });
    if (done.status === 0) continue;
    return made = { path, failure: `${text}\n${done.stdout}${done.stderr}` };
  }
  return made = { path, failure: "" };
}

const canEnter = process.getuid?.() === 0 &&
  spawnSync("unshare", ["--mount", "--pid", "--fork", "true"]).status === 0;
const options = {
  timeout: 300_000,
  ...needs("deno", "bun"),
  ...(process.platform === "linux" ? {} : { skip: "the image is for Linux" }),
};
const entering = canEnter ? options : {
  skip: "entering a root of its own needs root and unshare",
};

test("the commands of the container file succeed with nothing but what it copies", options, (t) => {
  const { path, failure } = makeImage();
  if (/error sending request|failed to fetch|dns error|Connection refused/i.test(failure)) {
    return t.skip("the packages could not be fetched");
  }
  assertEquals(failure, "");
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length)).sort();
  const own = files.filter((name) => !/^(\/usr)?\/lib(64)?\//.test(name));
  assertEquals(own, ["/etc/nsswitch.conf", "/etc/passwd", "/gatehouse"]);
  for (const name of files) {
    assertMatch(
      name,
      /^\/(gatehouse|etc\/\w+(\.conf)?|(usr\/)?lib(64)?\/([\w-]+\/)?(lib(c|m|dl|pthread)\.so\.\d|ld-[\w.-]+))$/,
    );
  }
});

/** The words that run something in the image as in a container: its own root, process ids and /proc, no rights. */
function inside(path: string, ...words: readonly string[]): readonly string[] {
  return [
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    `--root=${path}`,
    "--mount-proc",
    `--setgid=${ID}`,
    `--setuid=${ID}`,
    "--wd=/var/lib/gatehouse",
    ...words,
  ];
}

test(
  "in the image the server starts, calls itself healthy, finds hosts by name, and stops as process 1",
  entering,
  async (t) => {
    const { path, failure } = makeImage();
    if (failure !== "") return t.skip("the image could not be made");
    mkdirSync(join(path, "proc"), { recursive: true });
    await chmod(path, 0o755);
    await chown(join(path, "var/lib/gatehouse"), ID, ID);
    const url = "https://mcp.example.com";
    const issuer = await startIssuer(`${url}/mcp`);
    const port = await freePort();
    const settings = textsOf(image, "ENV").join(" ").split(" ").map((word) => word.split("="));
    const env = {
      ...Object.fromEntries(settings),
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_URL: url,
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri.replace("127.0.0.1", "localhost"),
      GATEHOUSE_OPERATOR_PORT: String(await freePort()),
    };
    // Not spawnSync: the issuer of this process has to answer meanwhile.
    const run = (...words: readonly string[]) =>
      finished(spawn("unshare", inside(path, ...words), { env, timeout: 20_000 }));
    try {
      const version = await run("/gatehouse", "version");
      assertEquals(version.stdout.trim(), `gatehouse ${manifest.version}`, version.stderr);
      assertEquals((await run("/gatehouse", "health")).status, 1);

      // What an engine mounts into every container.
      await writeFile(join(path, "etc/hosts"), "127.0.0.1 localhost\n");
      const command = [
        ...JSON.parse(textsOf(image, "ENTRYPOINT")[0]!),
        ...JSON.parse(textsOf(image, "CMD")[0]!),
      ];
      const server = spawn("unshare", inside(path, ...command), {
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [server.stdout, server.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => output += text);
      }
      const ended = new Promise((resolve) => server.once("close", resolve));
      try {
        const deadline = Date.now() + 20_000;
        let health = await run("/gatehouse", "health");
        while (health.status !== 0 && Date.now() < deadline) {
          health = await run("/gatehouse", "health");
        }
        assertEquals([health.status, health.stdout.trim()], [0, "ok"], output + health.stderr);
        const ready = await run("/gatehouse", "health", "--ready");
        assertEquals(ready.status, 0, ready.stdout + ready.stderr + output);
        assertMatch(ready.stdout, /^ {2}keys +ok/m);
      } finally {
        const first = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8")
          .trim();
        process.kill(Number(first), "SIGTERM");
        await ended;
      }
      assertStringIncludes(output, '"message":"stopping"');
      assert(readdirSync(join(path, "var/lib/gatehouse")).includes("gatehouse.db"));
    } finally {
      await issuer.stop();
    }
  },
);

interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
  return new Promise((resolve) =>
    child.once("close", (status) => resolve({ status, stdout, stderr }))
  );
}

test("podman makes the same image of the last stage", {
  timeout: 120_000,
  ...needsProgram("podman", "--version"),
}, (t) => {
  const { path, failure } = makeImage();
  if (failure !== "") return t.skip("the image could not be made");
  const folder = dirname(path);
  const file = join(folder, "Containerfile");
  const lines = image.map(({ name, text }) =>
    `${name} ${text.replace("--from=build ", "").replace("/image", "image")}`
  );
  spawnSync("sh", ["-c", `cat > ${file}`], { input: lines.join("\n") });
  const tag = "localhost/gatehouse-test";
  const podman = (...args: readonly string[]) => spawnSync("podman", args, { encoding: "utf8" });
  const built = podman(
    "build",
    "--format=docker",
    "--isolation=chroot",
    "--tag",
    tag,
    "--file",
    file,
    folder,
  );
  if (/permission denied|not permitted/i.test(built.stderr)) {
    return t.skip("podman may not build here");
  }
  assertEquals(built.status, 0, built.stderr);
  try {
    const [{ Config: config, Healthcheck: health }] = JSON.parse(
      podman("inspect", "--type=image", tag).stdout,
    );
    assertEquals([config.User, config.WorkingDir], [`${ID}:${ID}`, "/var/lib/gatehouse"]);
    assertEquals(config.Entrypoint, ["/gatehouse"]);
    assertEquals(health.Test, ["CMD", "/gatehouse", "health"]);
    const { name } = JSON.parse(readFileSync(join(DEPLOY, "server.json"), "utf8"));
    assertEquals(config.Labels["io.modelcontextprotocol.server.name"], name);
  } finally {
    podman("image", "rm", "--force", tag);
  }
});
