/** Three real servers on one PostgreSQL schema behind a load balancer, with one issuer for all, and what clients do there. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { SERVED_BY, startBalancer } from "../support/balancer.ts";
import type { Balancer } from "../support/balancer.ts";
import { newLocation, query, schemaOf, SERVER } from "../support/postgres.ts";
import { program, run, startProcess, withDirectory } from "../support/process.ts";
import type { Finished, RunningProcess, Runtime } from "../support/process.ts";
import { freePort } from "../support/server.ts";
import { callTool } from "./wire.ts";

/** Of one tool and client, on all instances together. */
export const TOOL_BUDGET = 300;
const SCOPES = "env:read org:read org:write";
const INSTANCES = 3;

export interface Client {
  readonly clientId: string;
  readonly token: string;
}

export interface Deployment {
  /** Where clients find it. */
  readonly url: string;
  readonly issuer: string;
  /** Those that live; a killed one leaves a gap. */
  readonly instances: (RunningProcess | undefined)[];
  readonly schema: string;
  /** Sends all requests for tools to some of the instances, and those of the issuer likewise; without names to all that live. */
  direct(...instances: readonly number[]): void;
  /** Starts the instance of a number, on the ports that it always has. */
  start(instance: number): Promise<void>;
  kill(instance: number): Promise<void>;
  /** Runs a command as the operator of any machine would. */
  gatehouse(...args: readonly string[]): Promise<Finished>;
  /** Registers a client by the command line, and gets it a token. */
  client(name: string): Promise<Client>;
}

interface Ports {
  readonly port: number;
  readonly issuerPort: number;
}

/** Runs a test with such a deployment. */
export function withDeployment(
  runtime: Runtime,
  body: (deployment: Deployment) => Promise<void>,
): Promise<void> {
  return withDirectory(async (cwd) => {
    const [tools, issuer] = [await startBalancer(), await startBalancer()];
    const store = newLocation();
    const schema = schemaOf(store);
    const config = join(cwd, "config.json");
    const budget = (points: number) => ({ points, seconds: 3600 });
    await writeFile(
      config,
      JSON.stringify({
        authorizationServer: { url: issuer.origin },
        rateLimit: {
          address: budget(1_000_000),
          client: budget(1_000_000),
          tool: budget(TOOL_BUDGET),
          store: SERVER,
          prefix: schema,
        },
      }),
    );
    const env = {
      GATEHOUSE_STORE: store,
      GATEHOUSE_URL: tools.origin,
      GATEHOUSE_CONFIG: config,
    };
    const places = await Promise.all(
      Array.from({ length: INSTANCES }, async () => ({
        port: await freePort(),
        issuerPort: await freePort(),
      })),
    );
    const instances: Deployment["instances"] = [];
    const gatehouse = (...args: readonly string[]) =>
      run([...program(runtime), ...args], { cwd, env });
    const deployment: Deployment = {
      url: tools.origin,
      issuer: issuer.origin,
      instances,
      schema,
      gatehouse,
      direct: (...chosen) => direct(chosen, places, instances, { tools, issuer }),
      async start(instance) {
        const { port, issuerPort } = places[instance]!;
        instances[instance] = await startProcess({
          runtime,
          cwd,
          env: {
            ...env,
            GATEHOUSE_PORT: String(port),
            GATEHOUSE_ISSUER_PORT: String(issuerPort),
            GATEHOUSE_ALLOWED_HOSTS: `${new URL(tools.origin).host},localhost:${port}`,
            GATEHOUSE_RATE_LIMIT: "on",
          },
        });
      },
      async kill(instance) {
        const killed = instances[instance]!;
        instances[instance] = undefined;
        assertEquals(await killed.stop("SIGKILL"), null);
      },
      client: (name) => registerClient(name, issuer.origin, gatehouse),
    };
    try {
      await Promise.all(places.map((_, instance) => deployment.start(instance)));
      deployment.direct();
      await body(deployment);
    } finally {
      await Promise.all(instances.map((instance) => instance?.stop()));
      await Promise.all([tools.stop(), issuer.stop()]);
      await query(`drop table if exists ${schema}_rate_limits`);
    }
  });
}

function direct(
  chosen: readonly number[],
  places: readonly Ports[],
  instances: Deployment["instances"],
  { tools, issuer }: { readonly tools: Balancer; readonly issuer: Balancer },
): void {
  const targets = chosen.length > 0
    ? chosen.map((instance) => places[instance]!)
    : places.filter((_, instance) => instances[instance] !== undefined);
  tools.use(...targets.map(({ port }) => port));
  issuer.use(...targets.map(({ issuerPort }) => issuerPort));
}

async function registerClient(
  name: string,
  issuer: string,
  gatehouse: Deployment["gatehouse"],
): Promise<Client> {
  const added = await gatehouse("clients", "add", name, "--scopes", SCOPES, "--json");
  assertEquals([added.code, added.stderr], [0, ""]);
  const { client_id, client_secret } = JSON.parse(added.stdout);
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: SCOPES }),
  });
  assertEquals(response.status, 200);
  return { clientId: client_id, token: (await response.json()).access_token };
}

/** One call as its client saw it; status 0 where no whole answer came. */
export interface Call {
  readonly status: number;
  readonly requestId: string;
  /** The port of the instance. */
  readonly servedBy: string;
  /** Milliseconds that only grow. */
  readonly startedAt: number;
  readonly text: string;
}

export async function callOnce(
  url: string,
  token: string,
  tool: string,
  input: Record<string, unknown> = {},
): Promise<Call> {
  const startedAt = performance.now();
  try {
    const response = await callTool(url, tool, { token, input });
    const text = await response.text();
    return {
      status: response.status,
      requestId: response.headers.get("x-request-id") ?? "",
      servedBy: response.headers.get(SERVED_BY) ?? "",
      startedAt,
      text,
    };
  } catch {
    return { status: 0, requestId: "", servedBy: "", startedAt, text: "" };
  }
}

/** A write that its client was told of: the organization's name, and the request. */
export interface Acknowledged {
  readonly name: string;
  readonly requestId: string;
}

export interface Load {
  /** Every answer to a client. */
  callsOf(client: Client): readonly Call[];
  readonly acknowledged: readonly Acknowledged[];
  /** Names of organizations that somebody asked for. */
  readonly asked: ReadonlySet<string>;
  stop(): Promise<void>;
}

/** As many calls of a tool as stay within the budget. */
const CALLS_OF_A_TOOL = 200;
const PAUSE_MS = 25;

/** Begins a load of reads and writes in turn, one call at a time for each client. */
export function startLoad({ url }: Deployment, clients: readonly Client[]): Load {
  const calls = new Map(clients.map(({ clientId }) => [clientId, [] as Call[]]));
  const acknowledged: Acknowledged[] = [];
  const asked = new Set<string>();
  let stopped = false;

  async function work({ clientId, token }: Client): Promise<void> {
    for (let n = 0; n < CALLS_OF_A_TOOL && !stopped; n++) {
      const name = `${clientId} ${n}`;
      asked.add(name);
      const write = await callOnce(url, token, "create_organization", {
        environmentId: "env_01JGXDFAM00000000000000002",
        displayName: name,
      });
      const made = write.status === 200 && /org_[0-9A-Z]{26}/.test(write.text);
      if (made) acknowledged.push({ name, requestId: write.requestId });
      const read = await callOnce(url, token, "list_environments");
      calls.get(clientId)!.push(write, read);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  const working = Promise.all(clients.map(work));
  return {
    callsOf: ({ clientId }) => calls.get(clientId)!,
    acknowledged,
    asked,
    async stop() {
      stopped = true;
      await working;
    },
  };
}

/** Waits for something that the load brings about. */
export async function until(reached: () => boolean): Promise<void> {
  for (let waited = 0; !reached(); waited += 20) {
    assert(waited < 60_000, "the load does not get there");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Records of the trail that match, read by the command line. */
export async function recordsOf(
  { gatehouse }: Deployment,
  ...filters: readonly string[]
): Promise<readonly { readonly chain: string; readonly request?: { readonly id: string } }[]> {
  const { code, stdout, stderr } = await gatehouse("audit", "query", "--json", ...filters);
  assertEquals([code, stderr], [0, ""]);
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
