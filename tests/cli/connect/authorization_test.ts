/** How a bridge gets, renews and widens its token, and that it never asks twice for the same reason. */

import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { bridgeTo, CLIENT } from "./parts.ts";
import { resultFor, withRemote } from "./remote.ts";
import type { Answer, Received, Remote } from "./remote.ts";

const UNAUTHORIZED = { status: 401, body: { error: "invalid_token" } };

/** Refuses a request without a token that `accepts` takes. */
function guarded(
  accepts: (token: string) => boolean,
  scope = "a b",
): (remote: () => Remote) => (received: Received) => Answer {
  return (remote) => (received) => {
    const token = received.headers.authorization?.replace("Bearer ", "") ?? "";
    if (accepts(token)) return resultFor(received, { token });
    const metadata = `${remote().origin}/.well-known/oauth-protected-resource/mcp`;
    return {
      ...UNAUTHORIZED,
      headers: remote().challenge(`scope="${scope}", resource_metadata="${metadata}"`),
    };
  };
}

async function withGuard(
  accepts: (token: string) => boolean,
  test: (remote: Remote) => Promise<void>,
  more: Partial<Parameters<typeof withRemote>[0]> = {},
): Promise<void> {
  let remote: Remote | undefined;
  const mcp = guarded(accepts)(() => remote!);
  await withRemote({ mcp, ...more }, (running) => {
    remote = running;
    return test(running);
  });
}

test("no token is asked for, and none sent, before the server wants one", () =>
  withRemote({ mcp: (received) => resultFor(received) }, async ({ url, calls, tokenRequests }) => {
    await bridgeTo(url).ask(1, "ping");
    assertEquals([calls.length, tokenRequests.length], [1, 0]);
    assertEquals(calls[0]!.headers.authorization, undefined);
  }));

test("the token is asked for the resource, with the scopes of the challenge (RFC 8707)", () =>
  withGuard((token) => token === "token-1", async ({ url, tokenRequests }) => {
    const { ask } = bridgeTo(url);
    assertEquals((await ask(1, "ping")).result, { token: "token-1" });
    assertEquals(Object.fromEntries(tokenRequests[0]!), {
      grant_type: "client_credentials",
      resource: url.href,
      scope: "a b",
    });
  }));

test("scopes of one's own win over the challenge's, and those of the metadata come last", () =>
  withGuard((token) => token !== "", async ({ url, tokenRequests }) => {
    await bridgeTo(url, { scopes: ["c"] }).ask(1, "ping");
    assertEquals(tokenRequests[0]!.get("scope"), "c");
  }).then(() =>
    withRemote({
      mcp: (received) => received.headers.authorization ? resultFor(received) : { ...UNAUTHORIZED },
      metadata: { scopes_supported: ["x", "y"] },
    }, async ({ url, tokenRequests }) => {
      await bridgeTo(url).ask(1, "ping");
      assertEquals(tokenRequests[0]!.get("scope"), "x y");
    })
  ));

test("requests at once share one token request", () =>
  withGuard((token) => token === "token-1", async ({ url, tokenRequests }) => {
    const { ask } = bridgeTo(url);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, id) => ask(id, "ping")));
    assert(answers.every(({ result }) => result.token === "token-1"));
    assertEquals(tokenRequests.length, 1);
  }));

test("a token is renewed before it ends, once for all who need it", () => {
  let now = 1_000_000;
  return withGuard((token) => token !== "", async ({ url, calls, tokenRequests }) => {
    const { ask } = bridgeTo(url, { now: () => now });
    await ask(1, "ping");
    now += 239_000;
    assertEquals((await ask(2, "ping")).result.token, "token-1", "four fifths are not over");
    now += 2000;
    const answers = await Promise.all([3, 4, 5].map((id) => ask(id, "ping")));
    assert(answers.every(({ result }) => result.token === "token-2"));
    assertEquals(tokenRequests.length, 2);
    assertEquals(calls.length, 6, "only the very first request was refused");
  });
});

test("a renewal that fails leaves the old token in use until it ends", () => {
  let now = 0;
  let isDown = false;
  return withGuard((token) => token !== "", async ({ url }) => {
    const { ask } = bridgeTo(url, { now: () => now });
    await ask(1, "ping");
    [now, isDown] = [290_000, true];
    assertEquals((await ask(2, "ping")).result.token, "token-1");
    now = 301_000;
    const { error } = await ask(3, "ping");
    assertMatch(error.message, /issuer refused: temporarily_unavailable/);
  }, {
    token: () => isDown ? { status: 400, body: { error: "temporarily_unavailable" } } : undefined,
  });
});

test("a server that refuses every token gets two tries, and the host is told", () =>
  withGuard(() => false, async ({ url, calls, tokenRequests }) => {
    const { ask } = bridgeTo(url);
    const { error } = await ask(1, "ping");
    assertMatch(error.message, /does not accept the access token/);
    assertEquals(error.data, { http_status: 401, error: "invalid_token" });
    assertEquals([calls.length, tokenRequests.length], [2, 1]);
    await ask(2, "ping");
    assertEquals([calls.length, tokenRequests.length], [4, 2]);
  }));

test("a client that the issuer refuses is told to the host, without its secret", () =>
  withGuard(() => false, async ({ url, calls }) => {
    const bridged = bridgeTo(url);
    const { error } = await bridged.ask(1, "initialize");
    assertEquals(error.message, "The issuer refused: invalid_client, no such client");
    assertEquals(calls.length, 1);
    assertEquals(await bridged.bridge.close(), "never_served");
    assertFalse(JSON.stringify([bridged.said, bridged.log]).includes("client-secret"));
  }, {
    token: () => ({
      status: 400,
      body: { error: "invalid_client", error_description: "no such client" },
    }),
  }));

test("without a client the host is told what to give", () =>
  withGuard(() => false, async ({ url, tokenRequests }) => {
    const { error } = await bridgeTo(url, { client: undefined }).ask(1, "ping");
    assertMatch(error.message, /asks for an access token; give --client-id/);
    assertEquals(tokenRequests.length, 0);
  }));

test("an Authorization header of one's own is used as it is, and no token is asked for", () =>
  withGuard((token) => token === "mine", async ({ url, calls, tokenRequests }) => {
    const mine = { authorization: "Bearer mine", "x-tenant": "t" };
    assertEquals((await bridgeTo(url, { headers: mine }).ask(1, "ping")).result.token, "mine");
    assertEquals(calls[0]!.headers["x-tenant"], "t");
    const { error } = await bridgeTo(url, { headers: { authorization: "Bearer no" } })
      .ask(2, "ping");
    assertEquals(error.data.http_status, 401);
    assertEquals([calls.length, tokenRequests.length], [2, 0]);
  }));

/** A server whose one tool needs the scope `w`. */
function withWriter(
  grants: (scope: string) => Answer | undefined,
  test: (remote: Remote) => Promise<void>,
): Promise<void> {
  const scopesOf = new Map<string, string>();
  let issued = 0;
  let remote: Remote | undefined;
  return withRemote({
    mcp(received) {
      const token = received.headers.authorization?.replace("Bearer ", "") ?? "";
      const held = scopesOf.get(token);
      if (held === undefined) {
        return { ...UNAUTHORIZED, headers: remote!.challenge('scope="r"') };
      }
      const isCall = JSON.parse(received.body).method === "tools/call";
      if (!isCall || held.split(" ").includes("w")) return resultFor(received, { held });
      return {
        status: 403,
        headers: {
          ...remote!.challenge('error="insufficient_scope", scope="r w"'),
          "x-request-id": "req-1",
        },
        body: { error: "insufficient_scope", error_description: "needs w" },
      };
    },
    token(form) {
      const refused = grants(form.get("scope") ?? "");
      if (refused?.status) return refused;
      const scope = String(refused?.body ?? form.get("scope"));
      scopesOf.set(`t${++issued}`, scope);
      return { body: { access_token: `t${issued}`, token_type: "Bearer", scope } };
    },
  }, (running) => {
    remote = running;
    return test(running);
  });
}

test("a refusal for scopes asks for the union of the old and the new, and tries once more", () =>
  withWriter(() => undefined, async ({ url, calls, tokenRequests }) => {
    const { ask } = bridgeTo(url, { scopes: ["r", "x"] });
    await ask(1, "ping");
    assertEquals((await ask(2, "tools/call", { name: "w" })).result.held, "r x w");
    assertEquals(tokenRequests.map((form) => form.get("scope")), ["r x", "r x w"]);
    await ask(3, "tools/call", { name: "w" });
    assertEquals([calls.length, tokenRequests.length], [5, 2], "the wider token is kept");
  }));

for (
  const [title, answer] of [
    ["refuses", { status: 400, body: { error: "invalid_scope" } }],
    ["grants less than was asked", { body: "r" }],
  ] as const
) {
  test(`where the issuer ${title} the host learns which scopes are missing, and nothing loops`, () =>
    withWriter(
      (scope) => scope.includes("w") ? answer : undefined,
      async ({ url, calls, tokenRequests }) => {
        const { ask } = bridgeTo(url);
        await ask(1, "ping");
        const { error } = await ask(2, "tools/call", { name: "w" });
        assertStringIncludes(error.message, "Missing scopes: w");
        assertEquals(error.data, {
          http_status: 403,
          error: "insufficient_scope",
          required_scopes: ["r", "w"],
          missing_scopes: ["w"],
          request_id: "req-1",
        });
        assertEquals([calls.length, tokenRequests.length], [3, 2]);
        assertEquals((await ask(3, "ping")).result.held, "r", "the old token stays in use");
      },
    ));
}

test("metadata about another resource gives no token (RFC 9728 section 3.3)", () =>
  withGuard(() => false, async ({ url, tokenRequests }) => {
    const { error } = await bridgeTo(url).ask(1, "ping");
    assertMatch(error.message, /is about "https:\/\/other\.example\/mcp"/);
    assertEquals(tokenRequests.length, 0);
  }, { metadata: { resource: "https://other.example/mcp" } }));

test("a server that wants bound tokens is told as such, and no useless token is asked for", () =>
  withGuard(() => false, async ({ url, tokenRequests }) => {
    const { error } = await bridgeTo(url).ask(1, "ping");
    assertMatch(error.message, /takes only tokens that are bound to a key \(DPoP\)/);
    assertEquals(tokenRequests.length, 0);
  }, { metadata: { dpop_bound_access_tokens_required: true } }));

test("an own client's secret goes to no other issuer than the one it is for", () =>
  withGuard(() => false, async ({ url, tokenRequests }) => {
    const client = { ...CLIENT, issuer: "http://localhost:8001" };
    const { error } = await bridgeTo(url, { client }).ask(1, "ping");
    assertMatch(error.message, /the credential is for http:\/\/localhost:8001; nothing was sent/);
    assertEquals(tokenRequests.length, 0);
  }));

test("a secret goes to no issuer off the resource's origin that a server names by itself", () => {
  const elsewhere = "https://issuer.doctor.invalid";
  return withGuard(() => false, async ({ url, calls, tokenRequests }) => {
    for (const issuer of [undefined, "https://mine.doctor.invalid", `${elsewhere}/`]) {
      const client = { ...CLIENT, ...(issuer && { issuer }) };
      const { error } = await bridgeTo(url, { client }).ask(1, "ping");
      // Where anything was sent, the name that does not exist would be the error.
      assertStringIncludes(error.message, `names the issuer ${elsewhere}`);
      assertStringIncludes(error.message, "nothing was sent there. Do something else");
    }
    assertEquals([calls.length, tokenRequests.length], [3, 0]);
    for (const client of [{ ...CLIENT, issuer: elsewhere }, { ...CLIENT, isBoundToIssuer: true }]) {
      const { error } = await bridgeTo(url, { client }).ask(1, "ping");
      assertMatch(error.message, /^No answer from/, "this one may go there");
    }
  }, { metadata: { authorization_servers: [elsewhere] } });
});

test("of several issuers the client's own is asked, wherever in the list it is", () =>
  withRemote(
    { mcp: () => ({ status: 404 }) },
    (first) =>
      withRemote({ mcp: () => ({ status: 404 }) }, (second) =>
        withGuard((token) =>
          token === "token-1", async ({ url }) => {
          const client = { ...CLIENT, issuer: second.origin };
          assertEquals((await bridgeTo(url, { client }).ask(1, "ping")).result.token, "token-1");
          assertEquals([first.tokenRequests.length, second.tokenRequests.length], [0, 1]);
        }, { metadata: { authorization_servers: [first.origin, second.origin] } })),
  ));

test("metadata of another origin is not fetched, whatever a challenge names", () =>
  withRemote({ mcp: () => ({ status: 500 }) }, (other) =>
    withRemote({
      mcp: (received) =>
        received.headers.authorization ? resultFor(received) : {
          ...UNAUTHORIZED,
          headers: { "www-authenticate": `Bearer resource_metadata="${other.origin}/mcp"` },
        },
    }, async ({ url }) => {
      assertEquals((await bridgeTo(url).ask(1, "ping")).result, {});
      assertEquals(other.calls.length, 0);
    })));

test("a redirect is told and not followed, and the token stays where it is", () =>
  withRemote(
    { mcp: (received) => resultFor(received) },
    (other) =>
      withGuard((token) => token === "", async () => {}).then(() =>
        withRemote({
          mcp: () => ({ status: 307, headers: { location: other.url.href } }),
        }, async ({ url }) => {
          const mine = { authorization: "Bearer mine" };
          const { error } = await bridgeTo(url, { headers: mine }).ask(1, "ping");
          assertStringIncludes(error.message, `redirects to ${other.url.href}`);
          assertEquals(other.calls.length, 0);
        })
      ),
  ));

test("a server that is busy is waited for once, and a long wait is the host's to decide", () => {
  let wait = "0";
  return withRemote({
    mcp: () => ({ status: 429, headers: { "retry-after": wait }, body: { error: "rate_limited" } }),
  }, async ({ url, calls }) => {
    const { ask } = bridgeTo(url);
    const { error } = await ask(1, "ping");
    assertMatch(error.message, /status 429: rate_limited; try again after 0 seconds/);
    assertEquals(calls.length, 2);
    wait = "3600";
    assertEquals((await ask(2, "ping")).error.data.retry_after, "3600");
    assertEquals(calls.length, 3);
  });
});

test("a tool that may have run is not called again: 503 is told, and only 429 is waited for", () => {
  let status = 503;
  return withRemote({
    mcp: () => ({ status, headers: { "retry-after": "0" }, body: { error: "unavailable" } }),
  }, async ({ url, calls }) => {
    const { ask } = bridgeTo(url);
    const { error } = await ask(1, "tools/call", { name: "pay" });
    assertEquals([error.data.http_status, calls.length], [503, 1]);
    await ask(2, "tools/list");
    assertEquals(calls.length, 3, "a list can be asked for twice");
    status = 429;
    await ask(3, "tools/call", { name: "pay" });
    assertEquals(calls.length, 5);
  });
});

test("what is said of the server's URL leaves its query out", () =>
  withRemote({ mcp: () => ({ status: 404 }) }, async ({ url }) => {
    const { said, log, ask } = bridgeTo(new URL(`${url.origin}/nowhere?key=s3cret`));
    const { error } = await ask(1, "ping");
    assertStringIncludes(error.message, `There is nothing at ${url.origin}/nowhere (404)`);
    const gone = bridgeTo(new URL("http://127.0.0.1:1/mcp?key=s3cret"));
    await gone.ask(1, "ping");
    assertFalse(JSON.stringify([said, log, gone.said, gone.log]).includes("s3cret"));
  }));
