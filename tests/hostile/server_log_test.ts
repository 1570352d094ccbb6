import { Buffer } from "node:buffer";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  authorizeUrl,
  basic,
  Browser,
  CALLBACK,
  followToClient,
  openPage,
  PUBLIC_CLIENT,
  VERIFIER,
} from "../auth/embedded/support.ts";
import { startProcess, withDirectory } from "../support/process.ts";
import type { Runtime } from "../support/process.ts";
import { createContext } from "./context.ts";
import { createBench } from "./dpop_bench.ts";
import { adding, replacing, withBody, withLine, written } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { exchange } from "./raw.ts";
import { recordsIn, startTarget } from "./target.ts";

const runtime: Runtime = "Deno" in globalThis ? "deno" : "bun";
const OPTIONS = { timeout: 30_000 };

/** Text that breaks a line, moves a cursor, turns the direction of writing or ends a JSON string. */
const NASTY: Readonly<Record<string, string>> = {
  "line breaks": 'a\r\n{"forged":true}\n',
  "escape sequences": "\u001b[2J\u001b]0;x\u0007",
  "C1 controls": "\u009b2J\u0085",
  "Unicode separators": "a\u2028b\u2029c",
  "direction marks": "\u202egnirts\u2066\u200f",
  "tag characters": "\u{e0041}\u{e007f}",
  "JSON": '"},{"forged":true,"x":"',
  "a backslash": '\\"\\u000a\\',
};

/** Each line is one JSON object of ours, and shows everything that it has. */
function assertCleanLines(log: string): void {
  for (const line of log.split("\n").filter((line) => line !== "")) {
    assertEquals(JSON.parse(line).forged, undefined, line);
    assert(!/[^\x20-\x7E\p{L}\p{N}\p{P}\p{S}]/u.test(line), JSON.stringify(line));
  }
}

test(
  "whatever a caller writes, its request is one clean JSON line of the log (H229)",
  OPTIONS,
  async () => {
    const target = await startTarget({ runtime });
    try {
      const context = createContext(target);
      const encoded = (text: string) => `=?base64?${Buffer.from(text).toString("base64")}?=`;
      const bytes = (text: string) => Buffer.from(text.replace(/[\r\n\0]/g, "")).toString("latin1");
      const attacks = Object.entries(NASTY).flatMap(([kind, text]): [string, Draft][] => {
        const valid = context.valid();
        const named = { ...context.valid({ tool: text }) };
        return [
          [`sub ${kind}`, context.valid({ token: context.token({ claims: { sub: text } }) })],
          [
            `client_id ${kind}`,
            context.valid({ token: context.token({ claims: { client_id: text } }) }),
          ],
          [`scope ${kind}`, context.valid({ token: context.token({ claims: { scope: text } }) })],
          [`iss ${kind}`, context.valid({ token: context.token({ claims: { iss: text } }) })],
          [`kid ${kind}`, context.valid({ token: context.token({ header: { kid: text } }) })],
          [`tool ${kind}`, replacing(named, "Mcp-Name", `Mcp-Name: ${encoded(text)}`)],
          [`argument ${kind}`, context.valid({ input: { [text]: text } })],
          [`method ${kind}`, context.legacy(text, {})],
          [
            `notification ${kind}`,
            withBody(
              context.legacy("x", {}),
              JSON.stringify({ jsonrpc: "2.0", method: `notifications/${text}` }),
            ),
          ],
          [`user agent ${kind}`, adding(valid, `User-Agent: ${bytes(text)}`)],
          [
            `trace ${kind}`,
            adding(valid, `traceparent: ${bytes(text)}`, `baggage: ${bytes(text)}`),
          ],
          [`request id ${kind}`, adding(valid, `X-Request-Id: ${bytes(text)}`)],
          [`path ${kind}`, withLine(valid, `POST /mcp/${encodeURIComponent(text)} HTTP/1.1`)],
          [
            `raw path ${kind}`,
            withLine(valid, `POST /mcp/${bytes(text).replaceAll(" ", "")} HTTP/1.1`),
          ],
          [`verb ${kind}`, withLine(valid, `${kind.replaceAll(" ", "")}%0a /mcp HTTP/1.1`)],
        ];
      });
      for (const [, draft] of attacks) await exchange([written(draft)], { port: target.port });
      const last = await exchange([written(context.valid())], { port: target.port });
      assertEquals(last.responses[0]?.status, 200);
      await new Promise((resolve) => setTimeout(resolve, 100));

      assertCleanLines(target.log());
      // Some never reach our code: a runtime refuses what is no HTTP.
      const records = recordsIn(target.log());
      assert(records.length > attacks.length * 0.7 && records.length <= attacks.length + 2);
    } finally {
      await target.stop();
    }
  },
);

test(
  "no secret of anybody comes out in the log, on the console or in an error (H229, H232)",
  OPTIONS,
  () =>
    withDirectory(async (directory) => {
      const file = join(directory, "config.json");
      await writeFile(file, JSON.stringify({ authorizationServer: { dpop: "optional" } }));
      const server = await startProcess({
        runtime,
        env: {
          GATEHOUSE_CONFIG: file,
          GATEHOUSE_STORE: `sqlite:${join(directory, "gatehouse.db")}`,
          GATEHOUSE_LOG_LEVEL: "debug",
        },
      });
      /** What must not come out, by what it is. */
      const secrets = new Map<string, string>();
      const keep = (name: string, value: unknown) => {
        assert(typeof value === "string" && value.length >= 16, `${name} is ${value}`);
        secrets.set(name, value);
        return value;
      };
      const answers: string[] = [];
      try {
        const { issuer, url } = server;
        const resource = `${url}/mcp`;
        const keys = JSON.parse(await readFile(join(directory, "gatehouse.keys.json"), "utf8"));
        const { clientId, clientSecret } = keys.cliClient;
        keep("client secret", clientSecret);
        keep("signing key", keys.signingKeys[0].d);
        keys.cookieKeys.forEach((key: unknown, index: number) => keep(`cookie key ${index}`, key));

        const post = async (path: string, form: Record<string, string>, headers = {}) => {
          const response = await fetch(issuer + path, {
            method: "POST",
            headers,
            body: new URLSearchParams(form),
          });
          return await response.json().catch(() => ({}));
        };
        const registered = await fetch(`${issuer}/register`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            ...PUBLIC_CLIENT,
            client_name: Object.values(NASTY).join("").slice(0, 90),
            token_endpoint_auth_method: "client_secret_post",
          }),
        });
        const client = await registered.json();
        const client_secret = keep("dynamic client secret", client.client_secret);
        const browser = new Browser(issuer);
        const request = authorizeUrl(issuer, client.client_id, { resource });
        const opened = await browser.open(request);
        for (const line of opened.headers.getSetCookie()) {
          const [name, value = ""] = line.split(";")[0]!.split("=");
          if (value.length >= 16) keep(`cookie ${name}`, value);
        }
        const page = await openPage(browser, request);
        keep("form token", page.token);
        const answer = await browser.submit(page.url, { token: page.token, decision: "approve" });
        const code = keep(
          "code",
          (await followToClient(browser, answer)).searchParams.get("code"),
        );
        const exchanged = {
          grant_type: "authorization_code",
          client_id: client.client_id,
          client_secret,
          code,
          redirect_uri: CALLBACK,
          code_verifier: keep("code verifier", VERIFIER),
        };
        const tokens = await post("/token", exchanged);
        const access = keep("access token", tokens.access_token);
        const refreshing = keep("refresh token", tokens.refresh_token);
        const machine = await post(
          "/token",
          { grant_type: "client_credentials" },
          basic(clientId, clientSecret),
        );
        keep("machine token", machine.access_token);
        const bench = createBench({
          url: resource,
          now: () => Math.floor(Date.now() / 1000),
          sign: () => access,
        });
        const proof = keep("proof", bench.proof(access));

        // Every secret in every place where it does not belong.
        for (const secret of [...secrets.values()]) {
          for (const name of ["client_secret", "code", "code_verifier", "scope", "resource"]) {
            answers.push(JSON.stringify(await post("/token", { ...exchanged, [name]: secret })));
          }
          for (const name of ["grant_type", "client_id", "redirect_uri", "refresh_token"]) {
            const form = { grant_type: "refresh_token", client_secret: secret, [name]: secret };
            answers.push(JSON.stringify(await post("/token", form)));
          }
          answers.push(
            JSON.stringify(await post("/oauth/revoke", { token: secret }, basic("x", secret))),
          );
          for (const name of ["client_id", "redirect_uri", "request", "prompt", "resource"]) {
            const refused = await new Browser(issuer)
              .open(authorizeUrl(issuer, client.client_id, { [name]: secret }));
            answers.push(name === "request" ? "" : await refused.text());
          }
          for (const authorization of [`Bearer ${secret}`, `DPoP ${secret}`, `Basic ${secret}`]) {
            for (const query of ["", `?access_token=${secret}`, `?token=${secret}`]) {
              const response = await fetch(resource + query, {
                method: "POST",
                headers: {
                  authorization,
                  "dpop": proof,
                  "cookie": `x=${secret}`,
                  "user-agent": secret,
                  "mcp-name": secret,
                  "content-type": "application/json",
                },
                body: JSON.stringify({
                  jsonrpc: "2.0",
                  id: secret,
                  method: "ping",
                  access: secret,
                }),
              });
              const id = `"id":"${secret}"`;
              answers.push((await response.text()).replace(id, ""));
            }
          }
        }
        await post("/token", {
          ...exchanged,
          grant_type: "refresh_token",
          refresh_token: refreshing,
        });
      } finally {
        await server.stop();
      }
      assertCleanLines(server.stderr);
      const output = { log: server.stderr, console: server.stdout, answers: answers.join("\n") };
      const leaks = Object.entries(output).flatMap(([place, text]) =>
        [...secrets].filter(([, secret]) =>
          text.includes(secret) || text.includes(secret.slice(-24))
        )
          .map(([name]) => `${name} in ${place}`)
      );
      assertEquals(leaks, []);
      assert(server.stderr.includes("A token request was refused"));
    }),
);
