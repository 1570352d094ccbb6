/** H-B: who issued a JWT, and for whom. */

import { claim } from "./tokens.ts";
import { token } from "./cases.ts";
import type { Context } from "./context.ts";
import { KEYS } from "./keys.ts";
import type { Case } from "./suite.ts";

const issuer = ({ target }: Context) => target.issuer("main");

const resource = ({ target }: Context) => target.resource;

const origin = ({ target }: Context) => `http://${target.host}`;

export const WHO: readonly Case[] = [
  ...claim("H054", "iss", [
    "https://issuer.example",
    (context: Context) => `${issuer(context)}/`,
    (context: Context) => issuer(context).toUpperCase(),
    (context: Context) => issuer(context).replace("http:", "https:"),
    (context: Context) => issuer(context).replace("http:", "HTTP:"),
    (context: Context) => [issuer(context)],
    undefined,
    null,
    "",
    7,
    (context: Context) => issuer(context).replace("//", "//evil.example@"),
    (context: Context) => `${issuer(context)}@evil.example`,
    (context: Context) => `${issuer(context)}?x`,
    (context: Context) => `${issuer(context)}#`,
    (context: Context) => `${issuer(context)} `,
    (context: Context) => `${issuer(context)}\0`,
    (context: Context) => issuer(context).replace("main", "ma\u0456n"),
    (context: Context) => issuer(context).replace("127.0.0.1", "xn--127-0.0.1"),
    (context: Context) => issuer(context).replace("127.0.0.1", "localhost"),
    (context: Context) => issuer(context).replace("/main", "/x/../main"),
    "__proto__",
    "constructor",
  ]),
  token(
    "H055",
    "signed by a second issuer in the name of the first",
    (context) => context.token({ key: KEYS.second }),
  ),
  token(
    "H055.1",
    "signed by the first issuer in the name of the second",
    (context) => context.token({ issuer: "second" }),
  ),
  token(
    "H055.2",
    "the second issuer's key under the first one's id",
    (context) => context.token({ key: { ...KEYS.second, kid: "main-1" } }),
  ),
  token(
    "H055.3",
    "the second issuer for itself",
    (context) => context.token({ issuer: "second", key: KEYS.second }),
    "200",
  ),
  ...claim("H056", "aud", [
    undefined,
    null,
    "",
    [],
    "https://other.example/mcp",
    (context: Context) => `${resource(context)}/`,
    (context: Context) => `${resource(context)}?x`,
    (context: Context) => `${resource(context)}#f`,
    origin,
    (context: Context) => `${origin(context)}/`,
    (context: Context) => `${resource(context)}.evil.example`,
    (context: Context) => `${origin(context)}.evil.example/mcp`,
    (context: Context) => resource(context).slice(0, -1),
    (context: Context) => `x${resource(context)}`,
    (context: Context) => resource(context).replace("//", "//evil@"),
    (context: Context) => resource(context).replace("localhost", "localhost.evil.example"),
    (context: Context) => resource(context).replace("localhost", "localhost."),
    7,
    true,
    (context: Context) => ({ aud: resource(context) }),
    (context: Context) => [[resource(context)]],
    (context: Context) => [{ [resource(context)]: 1 }],
    (context: Context) => [resource(context), 7],
    (context: Context) => `${resource(context)} https://other.example`,
    (context: Context) => ` ${resource(context)}`,
    "*",
    "mcp",
    "/mcp",
    (context: Context) => resource(context).replace("http:", "https:"),
    (context: Context) => resource(context).replace("localhost", "loca\u217Chost"),
  ]),
  ...claim("H057", "aud", [
    (context: Context) => ["https://other.example", resource(context)],
    (context: Context) => [resource(context)],
  ], "200"),
  token(
    "H057.2",
    "two audiences where the issuer is strict",
    (context) =>
      context.token({
        issuer: "strict",
        claims: { aud: ["https://other.example", context.target.resource] },
      }),
  ),
  token(
    "H057.3",
    "one audience where the issuer is strict",
    (context) => context.token({ issuer: "strict" }),
    "200",
  ),
  ...claim("H058", "aud", [issuer, (context: Context) => `${issuer(context)}/token`, "client-1"]),
  ...claim("H059", "aud", [
    (context: Context) => `${origin(context)}/mcp2`,
    (context: Context) => `${origin(context)}/mcp/../mcp`,
    (context: Context) => `${origin(context)}/MCP`,
    (context: Context) => `${origin(context)}/%6dcp`,
    (context: Context) => `${origin(context)}//mcp`,
    (context: Context) => `${origin(context)}/mcp/sub`,
  ]),
  ...claim("H060", "aud", [
    (context: Context) => resource(context).replace("http:", "HTTP:"),
    (context: Context) => resource(context).replace("localhost", "LOCALHOST"),
  ], "200"),
];
