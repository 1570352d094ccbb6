/** The compose file against what it builds on: the settings, the files, the ports and the roles that it takes for granted. */

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadConfig, VARIABLES } from "../../cli/config.ts";
import { needsPostgres, query, SERVER } from "../support/postgres.ts";
import { withDirectory } from "../support/process.ts";
import { compose, DEPLOY, deployFile, needsProgram } from "./files.ts";
import type { Service } from "./files.ts";

const { services, networks, volumes, secrets } = compose();
const gatehouses = Object.entries(services).filter(([name]) => name.startsWith("gatehouse-"));

const all = Object.entries(services);
const networksOf = ({ networks }: Service) =>
  Array.isArray(networks) ? networks : Object.keys(networks);

test("there are three instances that differ in their name alone", () => {
  assertEquals(gatehouses.length, 3);
  const names = gatehouses.map(([, { environment }]) => environment["GATEHOUSE_INSTANCE"]);
  assertEquals(new Set(names).size, 3);
  const [first, ...others] = gatehouses.map(([, service]) => ({
    ...service,
    environment: { ...service.environment, GATEHOUSE_INSTANCE: "" },
  }));
  for (const other of others) assertEquals(other, first);
});

test("every variable is one of the program's, and no secret is among them", () => {
  for (const [, { environment }] of gatehouses) {
    for (const name of Object.keys(environment)) {
      assert(name in VARIABLES || name === "GATEHOUSE_CONFIG", `${name} is no setting`);
    }
  }
  for (const [name, { environment }] of all) {
    for (const [variable, value] of Object.entries(environment)) {
      const isSecret = /PASSWORD|SECRET|TOKEN|STORE$/.test(variable);
      assert(!isSecret || value.startsWith("/run/secrets/"), `${name}: ${variable}`);
    }
  }
});

test("nothing runs as root with rights, writes to its image, or gains rights", () => {
  for (const [name, service] of all) {
    assertEquals(service.read_only, true, name);
    assertEquals(service.cap_drop, ["ALL"], name);
    assertEquals(service.security_opt, ["no-new-privileges:true"], name);
    assertEquals(service.privileged, undefined, name);
    assertEquals(service.cap_add ?? [], name === "caddy" ? ["NET_BIND_SERVICE"] : [], name);
    if (name !== "caddy") assertMatch(service.user!, /^[1-9]\d*:[1-9]\d*$/, name);
  }
});

test("images are named by a whole version, the database by the major that is tested", () => {
  for (const [name, { image }] of all) {
    assertMatch(image, /^[a-z.]+\/[a-z/]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/, name);
  }
  assertMatch(services["postgres"]!.image, /:15\.\d+-/);
  const { version } = JSON.parse(readFileSync(join(DEPLOY, "..", "package.json"), "utf8"));
  for (const [, { image }] of gatehouses) assertEquals(image, `localhost/gatehouse:${version}`);
});

test("Caddy alone is reached from outside, and the operator's port by nobody", () => {
  for (const [name, { ports }] of all) {
    assertEquals(ports ?? [], name === "caddy" ? ["80:80", "443:443", "443:443/udp"] : [], name);
  }
  assertEquals(networks["back"]!.internal, true);
  assertEquals(networksOf(services["postgres"]!), ["back"]);
  assertEquals(networksOf(services["caddy"]!), ["front"]);
  for (const { environment } of gatehouses.map(([, service]) => service)) {
    assert(!deployFile("Caddyfile").includes(environment["GATEHOUSE_OPERATOR_PORT"]!));
  }
});

test("what is mounted is there, or is made by prepare.sh, and is in no commit", () => {
  for (const [name, service] of all) {
    for (const volume of service.volumes ?? []) {
      const source = volume.split(":")[0]!;
      assert(source in volumes || existsSync(join(DEPLOY, source)), `${name}: ${source}`);
    }
    for (const secret of service.secrets ?? []) assert(secret in secrets, `${name}: ${secret}`);
    if (service.build) {
      assert(existsSync(join(DEPLOY, service.build.context, service.build.dockerfile)));
    }
  }
  const ignored = readFileSync(join(DEPLOY, "..", ".gitignore"), "utf8").split("\n");
  for (const path of ["deploy/secrets/", "deploy/.env"]) assert(ignored.includes(path), path);
});

test("an instance is given longer to stop than its calls are to finish", () =>
  withPrepared(async (folder) => {
    const config = await loadConfig({ env: {}, file: join(folder, "secrets/gatehouse.json") });
    const [, seconds] = /^(\d+)s$/.exec(gatehouses[0]![1].stop_grace_period!)!;
    assert(Number(seconds) * 1000 > config.drainDelayMs + config.drainTimeoutMs + 5000);
  }));

test("each service has a check of its health that needs nothing beyond its image", () => {
  for (const [, { healthcheck }] of gatehouses) {
    assertEquals(healthcheck!.test, ["CMD", "/gatehouse", "health"]);
  }
  assertEquals(services["postgres"]!.healthcheck!.test.slice(0, 2), ["CMD", "pg_isready"]);
  assertMatch(deployFile("Caddyfile"), /health_uri \/healthz/);
});

test("Caddy's upstreams are the instances, and its address is the one that they believe", () =>
  withPrepared(async (folder) => {
    const { environment, networks } = services["caddy"]!;
    const config = await loadConfig({
      env: { GATEHOUSE_HOST: "0.0.0.0" },
      file: join(folder, "secrets/gatehouse.json"),
    });
    assertEquals(
      environment["UPSTREAMS"]!.split(" "),
      gatehouses.map(([name]) => `${name}:${config.port}`),
    );
    const { front } = networks as Record<string, { ipv4_address: string }>;
    assertEquals(config.trustedProxies, [front!.ipv4_address]);
  }));

test("prepare.sh makes a configuration that the program takes, with passwords of its own, and never twice", () =>
  withPrepared(async (folder) => {
    const file = join(folder, "secrets/gatehouse.json");
    const config = await loadConfig({ env: { GATEHOUSE_HOST: "0.0.0.0" }, file });
    assertEquals(config.url, "https://mcp.example.org");
    assertEquals(config.issuers.map(({ issuer }) => issuer), ["https://login.example.org"]);
    const password = readFileSync(join(folder, "secrets/postgres_password"), "utf8");
    assertMatch(password, /^[0-9a-f]{48}$/);
    for (const location of [config.store, config.rateLimit.store]) {
      assertEquals(new URL(location).password, password);
      assertEquals(new URL(location).hostname, "postgres");
    }
    assertEquals(statSync(join(folder, "secrets")).mode & 0o777, 0o700);
    const superuser = readFileSync(join(folder, "secrets/postgres_superuser"), "utf8");
    assert(superuser !== password);
    for (const name of Object.values(secrets)) {
      assert(existsSync(join(folder, name.file)), name.file);
    }
    assertEquals(readFileSync(join(folder, ".env"), "utf8"), "DOMAIN=mcp.example.org\n");

    const again = prepare(folder);
    assertEquals([again.status, again.stdout], [1, ""]);
    assertEquals(readFileSync(join(folder, "secrets/postgres_password"), "utf8"), password);
  }));

test("prepare.sh refuses what would not be a name and an issuer", () =>
  withDirectory((folder) => {
    for (
      const words of [[], ["mcp.example.org"], ["a b", "https://x"], [
        "mcp.example.org",
        "https://x|e touch owned",
      ]]
    ) {
      const { status } = prepare(folder, words);
      assertEquals(status, 2, words.join(" "));
      assert(!existsSync(join(folder, "secrets")));
    }
    return Promise.resolve();
  }));

function prepare(
  folder: string,
  words: readonly string[] = ["mcp.example.org", "https://login.example.org"],
) {
  for (const name of ["prepare.sh", "compose.config.json"]) {
    copyFileSync(join(DEPLOY, name), join(folder, name));
  }
  return spawnSync("sh", [join(folder, "prepare.sh"), ...words], { encoding: "utf8" });
}

async function withPrepared(body: (folder: string) => Promise<void>): Promise<void> {
  await withDirectory(async (folder) => {
    const { status, stderr } = prepare(folder);
    assertEquals([status, stderr], [0, ""]);
    await body(folder);
  });
}

const ROLE = `gatehouse_compose_${Math.random().toString(36).slice(2, 10)}`;
after(async () => {
  if (needsPostgres.skip !== undefined) return;
  await query(`drop database if exists ${ROLE}`);
  await query(`drop role if exists ${ROLE}`);
});

const psql = { ...needsProgram("psql", "--version"), ...needsPostgres };
test(
  "postgres-init.sh makes a role that owns its database and is no superuser",
  psql,
  () =>
    withDirectory(async (folder) => {
      const password = join(folder, "password");
      writeFileSync(password, "it's \\ $(odd)");
      const script = deployFile("postgres-init.sh").replace(
        "/run/secrets/postgres_password",
        password,
      )
        .replace("role gatehouse", `role ${ROLE}`)
        .replace("database gatehouse owner gatehouse", `database ${ROLE} owner ${ROLE}`);
      const { hostname, port, username } = new URL(SERVER);
      const { status, stderr } = spawnSync("sh", ["-c", script], {
        encoding: "utf8",
        env: {
          PATH: "/usr/bin:/bin",
          POSTGRES_USER: username,
          PGHOST: hostname,
          PGPORT: port || "5432",
        },
      });
      assertEquals([status, stderr], [0, ""]);
      assertEquals(
        await query(
          "select rolsuper, rolcreaterole, rolcreatedb, rolcanlogin from pg_roles where rolname = $1",
          [ROLE],
        ),
        [{ rolsuper: false, rolcreaterole: false, rolcreatedb: false, rolcanlogin: true }],
      );
      assertEquals(
        await query(
          "select pg_get_userbyid(datdba) as owner, pg_encoding_to_char(encoding) as encoding from pg_database where datname = $1",
          [ROLE],
        ),
        [{ owner: ROLE, encoding: "UTF8" }],
      );
    }),
);

const docker = needsProgram("docker", "compose", "version");
test(
  "docker compose takes the file as it is",
  docker,
  () => composeTakes(["docker", "compose"], (text) => text),
);

const former = needsProgram("docker-compose", "version");
test(
  "docker-compose takes the file, but for the name of the project, which it does not know",
  former,
  () => composeTakes(["docker-compose"], (text) => text.replace(/^name:.*\n/m, "")),
);

function composeTakes(
  [program, ...words]: readonly string[],
  edit: (text: string) => string,
): Promise<void> {
  return withPrepared((folder) => {
    const file = join(folder, "compose.yaml");
    writeFileSync(file, edit(deployFile("compose.yaml")));
    const done = spawnSync(program!, [...words, "--file", file, "config", "--quiet"], {
      encoding: "utf8",
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: folder, DOMAIN: "mcp.example.org" },
    });
    assertEquals([done.status, done.stdout + done.stderr], [0, ""]);
    return Promise.resolve();
  });
}
