/** A started authorization server for tests, and a browser of fetch and cookies that walks through its pages. */

import { createRemoteJWKSet, jwtVerify } from "jose";
import type { JWTVerifyResult } from "jose";
import { createHash, randomBytes, scryptSync } from "node:crypto";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createClient } from "../../../auth/embedded/clients.ts";
import type { NewClient } from "../../../auth/embedded/clients.ts";
import { loadOrCreateKeys } from "../../../auth/embedded/keys.ts";
import type { EmbeddedKeys } from "../../../auth/embedded/keys.ts";
import { startAuthorizationServer } from "../../../auth/embedded/mod.ts";
import type { AuthorizationServer, EmbeddedOptions } from "../../../auth/embedded/mod.ts";
import type { AccessControl } from "../../../auth/access_control.ts";
import type { RevocationList } from "../../../auth/revocation.ts";
import { createScopePolicy } from "../../../auth/scopes.ts";
import type { AuditEvent } from "../../../store/audit.ts";
import { openStore } from "../../../store/mod.ts";
import type { Store } from "../../../store/mod.ts";
import { startAccess } from "../../support/access.ts";

export const RESOURCE = "http://localhost:8000/mcp";
export const OTHER_RESOURCE = "http://127.0.0.1:8000/mcp";
export const policy = createScopePolicy();

export interface Running {
  readonly issuer: string;
  readonly server: AuthorizationServer;
  readonly store: Store;
  readonly revocations: RevocationList;
  readonly access: AccessControl;
  readonly keys: EmbeddedKeys;
  readonly logs: { readonly message: string; readonly properties?: Record<string, unknown> }[];
  readonly records: AuditEvent[];
  /** Registers an operator client. */
  addClient(
    input?: Partial<NewClient>,
  ): Promise<{ id: string; secret: string; basic: Record<string, string> }>;
  /** Registers a dynamic client and returns the answer's body. */
  register(metadata?: Record<string, unknown>): Promise<Record<string, unknown>>;
  post(
    path: string,
    form: Record<string, string> | string[][],
    headers?: Record<string, string>,
  ): Promise<Response>;
  verify(token: unknown): Promise<JWTVerifyResult>;
}

export interface RunOptions extends Partial<Omit<EmbeddedOptions, "keys">> {
  readonly keys?: EmbeddedKeys;
  readonly store?: Store;
  /** The store's clock. */
  readonly now?: () => Date;
}

/** Runs a test against a server on a free port, and stops it afterwards. */
export async function withServer(
  options: RunOptions,
  body: (running: Running) => Promise<void>,
): Promise<void> {
  const { store: given, now = () => new Date(), ...changes } = options;
  const port = changes.port ?? await freePort();
  const issuer = changes.issuer ?? `http://localhost:${port}`;
  const store = given ?? await openStore("sqlite::memory:", { now, seed: false });
  const keys = options.keys ?? await loadOrCreateKeys(undefined);
  const { revocations, access } = await startAccess(store, [issuer], now);
  const records: AuditEvent[] = [];
  const logs: { message: string; properties?: Record<string, unknown> }[] = [];
  const server = await startAuthorizationServer({
    issuer,
    host: "127.0.0.1",
    port,
    resources: [RESOURCE, OTHER_RESOURCE],
    policy,
    clients: store.clients,
    state: store.authorizationState,
    revocations,
    audit: {
      record: (event) => void records.push(event),
      refuse: (event) => void records.push(event),
      fingerprint: (value) => `fingerprint of ${JSON.stringify(value)}`,
    },
    log: (message, properties) => void logs.push({ message, ...(properties && { properties }) }),
    ...changes,
    keys,
  });
  const at = `http://127.0.0.1:${server.port}`;
  const headersFor = (headers: Record<string, string>) => ({
    host: new URL(issuer).host,
    ...headers,
  });
  try {
    await body({
      issuer,
      server,
      store,
      revocations,
      access,
      keys,
      logs,
      records,
      async addClient(input = {}) {
        const { client, clientSecret = "" } = createClient(
          { name: `client ${randomBytes(4).toString("hex")}`, scopes: ["env:write"], ...input },
          { now, policy },
        );
        await store.clients.add(client);
        const { clientId: id } = client;
        return { id, secret: clientSecret, basic: basic(id, clientSecret) };
      },
      async register(metadata = {}) {
        const response = await fetch(`http://localhost:${server.port}/register`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ ...PUBLIC_CLIENT, ...metadata }),
        });
        return await response.json();
      },
      post: (path, form, headers = {}) =>
        fetch(new URL(path, issuer.startsWith("https:") ? at : issuer), {
          method: "POST",
          headers: headersFor(headers),
          body: new URLSearchParams(form),
        }),
      verify: (token) =>
        jwtVerify(String(token), createRemoteJWKSet(new URL("/jwks", issuer)), {
          issuer,
          typ: "at+jwt",
          algorithms: ["ES256"],
        }),
    });
  } finally {
    await server.stop();
    await revocations.close();
    if (!given) await store.close();
  }
}

export const PUBLIC_CLIENT = {
  client_name: "Test client",
  redirect_uris: ["http://localhost:3334/oauth/callback"],
  token_endpoint_auth_method: "none",
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
};
export const CALLBACK = "http://localhost:3334/oauth/callback";
export const VERIFIER = randomBytes(32).toString("base64url");
export const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");

export function basic(id: string, secret: string): Record<string, string> {
  return {
    authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`,
  };
}

/** A browser without script: keeps cookies by path, never follows a redirect by itself. */
export class Browser {
  readonly #cookies = new Map<string, { value: string; path: string }>();
  readonly issuer: string;

  constructor(issuer: string) {
    this.issuer = issuer;
  }

  async open(url: string, init: RequestInit = {}): Promise<Response> {
    const target = new URL(url, this.issuer);
    const cookie = [...this.#cookies]
      .filter(([, { path }]) => target.pathname.startsWith(path))
      .map(([name, { value }]) => `${name.split(" ")[0]}=${value}`).join("; ");
    const response = await fetch(target, {
      ...init,
      redirect: "manual",
      headers: { ...(cookie && { cookie }), accept: "text/html", ...init.headers },
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  async submit(url: string, fields: Record<string, string>, headers = {}): Promise<Response> {
    return await this.open(url, { method: "POST", body: new URLSearchParams(fields), headers });
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    const path = attributes.find((part) => part.toLowerCase().startsWith("path="))?.slice(5) ?? "/";
    if (value === "") this.#cookies.delete(`${name} ${path}`);
    else this.#cookies.set(`${name} ${path}`, { value, path });
  }
}

export function authorizeUrl(
  issuer: string,
  clientId: unknown,
  changes: Record<string, string | undefined> = {},
): string {
  const url = new URL("/authorize", issuer);
  const parameters = {
    response_type: "code",
    client_id: String(clientId),
    redirect_uri: CALLBACK,
    scope: "env:read",
    state: "state-1",
    resource: RESOURCE,
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    ...changes,
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

/** Opens the authorization request up to our page; returns where the page is and what it says. */
export async function openPage(
  browser: Browser,
  url: string,
): Promise<{ url: string; text: string; response: Response; token: string }> {
  const redirect = await browser.open(url);
  const location = redirect.headers.get("location") ?? "";
  const response = await browser.open(location);
  const text = await response.text();
  return {
    url: location,
    text,
    response,
    token: /name="token" value="([^"]+)"/.exec(text)?.[1] ?? "",
  };
}

/** Follows redirects until they leave the server; returns the parameters that the client gets. */
export async function followToClient(browser: Browser, response: Response): Promise<URL> {
  for (let hop = 0; hop < 5; hop += 1) {
    const location = response.headers.get("location");
    if (location === null) {
      throw new Error(`no redirect: ${response.status} ${await response.text()}`);
    }
    const url = new URL(location, browser.issuer);
    if (url.origin !== browser.issuer) return url;
    response = await browser.open(url.href);
  }
  throw new Error("too many redirects");
}

/** Approves as the local operator; returns what the client gets. */
export async function approve(
  running: Running,
  clientId: unknown,
  changes: Record<string, string | undefined> = {},
): Promise<URL> {
  const browser = new Browser(running.issuer);
  const page = await openPage(browser, authorizeUrl(running.issuer, clientId, changes));
  const answer = await browser.submit(page.url, { token: page.token, decision: "approve" });
  return await followToClient(browser, answer);
}

/** The whole flow for a public client, up to the token response. */
export async function authorize(
  running: Running,
  clientId: unknown,
  changes: Record<string, string | undefined> = {},
): Promise<Record<string, unknown>> {
  const url = await approve(running, clientId, changes);
  const response = await exchange(running, clientId, url.searchParams.get("code") ?? "");
  return await response.json();
}

export function exchange(
  running: Running,
  clientId: unknown,
  code: string,
  changes: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return running.post("/token", {
    grant_type: "authorization_code",
    client_id: String(clientId),
    code,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
    ...changes,
  }, headers);
}

export function refresh(
  running: Running,
  clientId: unknown,
  refreshToken: unknown,
  changes: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return running.post("/token", {
    grant_type: "refresh_token",
    client_id: String(clientId),
    refresh_token: String(refreshToken),
    ...changes,
  }, headers);
}

/** A password hash at the lowest cost that is accepted, to keep tests short. */
export function cheapHash(password: string): string {
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, { cost: 2 ** 14, blockSize: 8, parallelization: 1 });
  return `scrypt:${2 ** 14}:8:1:${salt.toString("base64url")}:${key.toString("base64url")}`;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
