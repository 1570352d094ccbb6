/** An authorization server for one machine client, on a socket of its own: its clock and its mind are the test's. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTestIssuer } from "../support/issuer.ts";
import { freePort, startServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";

export interface MachineScene {
  readonly url: string;
  readonly server: RunningServer;
  /** How many tokens were given out. */
  readonly issued: number;
  /** Moves the clock of server and issuer. */
  pass(seconds: number): void;
  /** From now on the issuer refuses the client. */
  revoke(): void;
}

/** Runs a test against a server that trusts such an issuer. */
export async function withMachineIssuer(
  test: (scene: MachineScene) => Promise<void>,
): Promise<void> {
  let [skew, issued, isRevoked] = [0, 0, false];
  const now = () => new Date(Date.now() + skew);
  const port = await freePort();
  const url = `http://localhost:${port}/mcp`;
  const http = createServer(async (request, response) => {
    for await (const _ of request);
    const answer = await answerTo(request.url ?? "");
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const issuer = await createTestIssuer({ issuer: origin, audience: url, now });

  async function answerTo(path: string): Promise<{ status: number; body: unknown }> {
    if (path === "/jwks") return { status: 200, body: issuer.jwks };
    if (path === "/.well-known/oauth-authorization-server") {
      const body = {
        issuer: origin,
        token_endpoint: `${origin}/token`,
        jwks_uri: `${origin}/jwks`,
      };
      return { status: 200, body };
    }
    if (path !== "/token") return { status: 404, body: {} };
    if (isRevoked) return { status: 400, body: { error: "invalid_client" } };
    issued += 1;
    const access_token = await issuer.token({ claims: { sub: "robot", client_id: "robot" } });
    return { status: 200, body: { access_token, token_type: "Bearer", expires_in: 300 } };
  }

  const server = await startServer({
    env: {
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_ISSUER: origin,
      GATEHOUSE_JWKS_URI: `${origin}/jwks`,
    },
    app: { now },
  });
  try {
    await test({
      url,
      server,
      get issued() {
        return issued;
      },
      pass: (seconds) => void (skew += seconds * 1000),
      revoke: () => void (isRevoked = true),
    });
  } finally {
    await server.stop();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }
}
