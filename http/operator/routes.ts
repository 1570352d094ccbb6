/** Every path of the operator listener, with its methods and whether it needs the operator's credential. */

import { AppError } from "../../errors.ts";
import { readJsonBody } from "../body.ts";
import { readAuditQuery, readRevocation } from "./input.ts";
import type { OperatorParts } from "./parts.ts";

/** What a route is given; `id` is the last segment of a path that ends in one. */
export interface Question {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly id: string;
}

export interface OperatorRoute {
  /** What a record calls it. */
  readonly name: string;
  readonly path: RegExp;
  readonly access: "open" | "operator";
  readonly methods: Readonly<Record<string, (question: Question) => Promise<Response>>>;
}

const BODY_LIMITS = { maxBytes: 16 * 1024, timeoutMs: 5000 };

/** Builds the routes of the parts that there are. */
export function operatorRoutes(parts: OperatorParts): readonly OperatorRoute[] {
  const { metrics, readiness, access, audit } = parts;
  const routes: OperatorRoute[] = [
    {
      name: "/livez",
      path: /^\/livez$/,
      access: "open",
      methods: { GET: () => Promise.resolve(Response.json({ status: "live" })) },
    },
    {
      name: "/readyz",
      path: /^\/readyz$/,
      access: "open",
      methods: {
        GET: async () => {
          const state = await readiness();
          return Response.json(state, { status: state.status === "ready" ? 200 : 503 });
        },
      },
    },
    {
      name: "/metrics",
      path: /^\/metrics$/,
      access: "open",
      methods: {
        GET: () =>
          Promise.resolve(
            new Response(metrics.text(), { headers: { "content-type": metrics.contentType } }),
          ),
      },
    },
  ];
  if (access) {
    routes.push({
      name: "/revocations",
      path: /^\/revocations$/,
      access: "operator",
      methods: {
        GET: async () => Response.json({ revocations: await access.list() }),
        POST: async ({ request }) => {
          const revocation = readRevocation(await readJsonBody(request, BODY_LIMITS));
          requireRunning(parts);
          return Response.json(await access.revoke(revocation));
        },
      },
    }, {
      name: "/revocations/{id}",
      path: /^\/revocations\/(rev_[0-9A-Za-z]{26})$/,
      access: "operator",
      methods: {
        DELETE: async ({ id }) => {
          requireRunning(parts);
          return Response.json(await access.restore(id, "operator"));
        },
      },
    });
  }
  if (audit) {
    routes.push({
      name: "/audit",
      path: /^\/audit$/,
      access: "operator",
      methods: {
        GET: async ({ query }) => Response.json(await audit.query(readAuditQuery(query))),
      },
    });
  }
  return routes;
}

/** A change without a record is worse than one that has to be asked for again. */
function requireRunning({ stopping }: OperatorParts): void {
  if (!stopping()) return;
  throw new AppError(
    "unavailable",
    "The server is stopping and changes nothing any more; ask another instance, or use the gatehouse command",
    { reason: "server_stopping", retryAfterSeconds: 5 },
  );
}
