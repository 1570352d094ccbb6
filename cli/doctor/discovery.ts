/** Checks on the protected resource metadata (RFC 9728). */

import { isSecureUrl } from "../../auth/fetch_json.ts";
import { fault, faultOf, PASS, skip } from "./check.ts";
import type { Check, Group } from "./check.ts";
import { metadata, metadataAtPath, metadataAtRoot } from "./documents.ts";
import type { PublishedDocument } from "./documents.ts";
import { isOpen } from "./facts.ts";
import { summary } from "./messages.ts";

const atPath: Check = {
  id: "metadata-path",
  title: "Metadata stands between host and path of the endpoint",
  rule: "RFC 9728 section 3.1; MCP 2026-07-28 Authorization",
  severity: "fail",
  remedy:
    "Answer GET /.well-known/oauth-protected-resource followed by the endpoint's path with the metadata document.",
  async run(context) {
    const document = await context.fact(metadataAtPath);
    if (document.json === undefined && await isOpen(context)) {
      return skip("the server did not ask for a token");
    }
    return published(document);
  },
};

const atRoot: Check = {
  id: "metadata-root",
  title: "Metadata stands at the root too",
  rule: "MCP 2026-07-28 Authorization, Protected Resource Metadata Discovery",
  severity: "warn",
  remedy:
    "Serve the same document at /.well-known/oauth-protected-resource: some clients look there alone.",
  async run(context) {
    const document = await context.fact(metadataAtRoot);
    if (document.json === undefined && await isOpen(context)) {
      return skip("the server did not ask for a token");
    }
    const outcome = published(document);
    if (document.json === undefined) return outcome;
    const { json } = await context.fact(metadata);
    return document.json["resource"] === json["resource"]
      ? PASS
      : fault(`it is about ${context.show(document.json["resource"])}`);
  },
};

const type: Check = {
  id: "metadata-type",
  title: "Metadata comes as application/json",
  rule: "RFC 9728 section 3.2",
  severity: "fail",
  remedy: "Send Content-Type: application/json with the metadata.",
  async run(context) {
    const { answer } = await context.fact(metadata);
    const header = answer.header("content-type");
    return /^application\/json\s*(;|$)/i.test(header ?? "")
      ? PASS
      : fault(`Content-Type is ${context.show(header)}`);
  },
};

const resource: Check = {
  id: "metadata-resource",
  title: "`resource` is the endpoint's URL, byte for byte",
  rule: "RFC 9728 section 3.3",
  severity: "fail",
  remedy:
    "Publish exactly the URL that clients connect to; they must discard metadata of any other resource.",
  async run(context) {
    const named = (await context.fact(metadata)).json["resource"];
    // The one URL that has two spellings: an origin without a path gets a slash from every URL parser.
    const same = named === context.resource ||
      (context.url.pathname === "/" &&
        (named === context.url.origin || named === context.url.href));
    return same ? PASS : fault(`${context.show(named)} instead of ${context.resource}`);
  },
};

const servers: Check = {
  id: "metadata-servers",
  title: "At least one authorization server is named",
  rule: "RFC 9728 section 2; MCP 2026-07-28 Authorization Server Discovery",
  severity: "fail",
  remedy: "List the issuer identifiers of the authorization servers, https URLs, as strings.",
  async run(context) {
    const named = (await context.fact(metadata)).json["authorization_servers"];
    if (!Array.isArray(named) || named.length === 0) {
      return fault(`authorization_servers is ${context.show(named)}`);
    }
    const wrong = named.filter((name) => typeof name !== "string" || !isSecureUrl(name));
    return faultOf(wrong.map((name) => `${context.show(name)} is no https URL`));
  },
};

const noEmpty: Check = {
  id: "metadata-no-empty",
  title: "Members without a value are left out",
  rule: "RFC 9728 section 3.2",
  severity: "fail",
  remedy: "Leave a member out instead of sending an empty list; clients read them differently.",
  async run(context) {
    const { json } = await context.fact(metadata);
    const empty = Object.keys(json).filter((name) =>
      Array.isArray(json[name]) && json[name].length === 0
    );
    return faultOf(empty.map((name) => `${context.show(name)} is an empty list`));
  },
};

const scopes: Check = {
  id: "metadata-scopes",
  title: "Scopes are few and without offline_access",
  rule: "MCP 2026-07-28 Authorization, Refresh Tokens and Scope Minimization",
  severity: "warn",
  remedy: "List the baseline scopes of a new client alone; clients ask for all that is listed.",
  async run(context) {
    const named = (await context.fact(metadata)).json["scopes_supported"];
    if (named === undefined) return PASS;
    if (!Array.isArray(named)) return fault(`scopes_supported is ${context.show(named)}`);
    const wrong = named.filter((scope) =>
      typeof scope !== "string" || scope === "offline_access" || scope.includes("*")
    );
    return faultOf([
      ...wrong.map((scope) => `${context.show(scope)} is listed`),
      ...(named.length > MAX_SCOPES ? [`${named.length} scopes are listed`] : []),
    ]);
  },
};
const MAX_SCOPES = 20;

const bearerMethods: Check = {
  id: "metadata-bearer-methods",
  title: "Tokens are taken in the header alone, and the metadata says so",
  rule: "RFC 9728 section 2; MCP 2026-07-28 Authorization, Token Requirements",
  severity: "warn",
  remedy: 'Publish "bearer_methods_supported": ["header"].',
  async run(context) {
    const named = (await context.fact(metadata)).json["bearer_methods_supported"];
    return JSON.stringify(named) === '["header"]'
      ? PASS
      : fault(`bearer_methods_supported is ${context.show(named)}`);
  },
};

const cors: Check = {
  id: "metadata-cors",
  title: "Any web page can read the metadata",
  rule: "RFC 9728 section 3.1; Fetch, CORS protocol",
  severity: "warn",
  remedy: "Send Access-Control-Allow-Origin: * with the metadata; it is public.",
  async run(context) {
    const { url } = await context.fact(metadata);
    const answer = await context.send({
      url: new URL(url),
      method: "GET",
      headers: [["origin", "https://doctor.invalid"]],
    });
    const allowed = answer.header("access-control-allow-origin");
    return answer.status === 200 && allowed === "*"
      ? PASS
      : fault(`${answer.status}, Access-Control-Allow-Origin ${context.show(allowed)}`);
  },
};

function published({ answer, json }: PublishedDocument) {
  if (json !== undefined) return PASS;
  return fault(answer.status === 200 ? "200 without a JSON object" : summary(answer));
}

export const discovery: Group = {
  id: "metadata",
  title: "Protected resource metadata",
  checks: [atPath, atRoot, type, resource, servers, noEmpty, scopes, bearerMethods, cors],
};
