/** Answers for the pages between an authorization request and its answer: who is it, and do they agree. */

import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ScopePolicy } from "../scopes.ts";
import { consentPage, loginPage } from "./consent.ts";
import type { IssuedTokens } from "./issued_tokens.ts";
import type { Interaction, LibraryClient, Provider } from "./library.ts";
import { errorPage, PAGE_HEADERS } from "./page.ts";
import type { Users } from "./users.ts";

/** The subject of the person at the machine, where nobody signs in. */
export const LOCAL_OPERATOR = "operator";

export interface InteractionOptions {
  readonly provider: Provider;
  readonly origin: string;
  readonly policy: ScopePolicy;
  /** Undefined where the local operator decides. */
  readonly users: Users | undefined;
  readonly tokens: Pick<IssuedTokens, "isPersonShutOut">;
}

export type InteractionHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  uid: string,
) => Promise<void>;

const MAX_FORM_BYTES = 16 * 1024;

/** Builds the handler of `GET` and `POST /interaction/:uid`. */
export function createInteractionHandler(options: InteractionOptions): InteractionHandler {
  const { provider, policy, users, tokens, origin } = options;

  return async (request, response, uid) => {
    const interaction = await openInteraction(request, response, uid);
    const client = interaction &&
      await provider.Client.find(interaction.params["client_id"] ?? "");
    if (!interaction || !client) return send(response, 400, errorPage("session_not_found"));
    const form = { action: `/interaction/${interaction.uid}`, token: interaction.cid };
    const asksForLogin = users !== undefined && interaction.prompt.name === "login";

    function show(status = 200, notice?: string): void {
      if (asksForLogin) {
        const { clientName } = client as LibraryClient;
        const request = { clientName, ...(notice === undefined ? {} : { notice }) };
        return send(response, status, loginPage(request, form));
      }
      const details = consentDetails(interaction as Interaction, client as LibraryClient);
      send(response, status, consentPage(details, form));
    }

    if (request.method !== "POST") return show();

    const fields = await readForm(request);
    const ours = request.headers.origin === undefined || request.headers.origin === origin;
    if (!ours || !fields || !sameText(fields.get("token") ?? "", interaction.cid)) {
      return send(response, 403, errorPage("invalid_request"));
    }
    const decision = fields.get("decision");
    if (decision === "deny") {
      return await provider.interactionFinished(request, response, {
        error: "access_denied",
        error_description: "The user refused",
      });
    }
    if (asksForLogin && decision === "sign-in") {
      const signIn = await users.signIn(fields.get("name") ?? "", fields.get("password") ?? "");
      if ("subject" in signIn) {
        if (tokens.isPersonShutOut(signIn.subject)) return await shutOut(request, response);
        return await provider.interactionFinished(request, response, {
          login: { accountId: signIn.subject, remember: true },
        });
      }
      if (signIn.refused === "wrong") return show(401, "The name or the password is wrong.");
      response.setHeader("retry-after", String(signIn.retryAfterSeconds));
      return show(429, `Too many tries. Try again in ${inWords(signIn.retryAfterSeconds)}.`);
    }
    if (!asksForLogin && decision === "approve") {
      return await approve(request, response, interaction);
    }
    show(400);
  };

  /** The client hears of it; asking the person again would only go round in a circle. */
  function shutOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return provider.interactionFinished(request, response, {
      error: "access_denied",
      error_description: "The access of this user was revoked",
    });
  }

  /** The interaction of the cookie, if it is the one of the address. */
  async function openInteraction(
    request: IncomingMessage,
    response: ServerResponse,
    uid: string,
  ): Promise<Interaction | undefined> {
    try {
      const interaction = await provider.interactionDetails(request, response);
      return interaction.uid === uid ? interaction : undefined;
    } catch (error) {
      if (error instanceof Error && error.name === "SessionNotFound") return undefined;
      throw error;
    }
  }

  function consentDetails(interaction: Interaction, client: LibraryClient) {
    const { redirect_uri = "", resource = "" } = interaction.params;
    const subject = interaction.session?.accountId;
    return {
      clientId: client.clientId,
      clientName: client.clientName,
      redirectUri: redirect_uri,
      resource,
      scopes: scopesOf(interaction).map((name) => ({
        name,
        description: policy.definitions.get(name)?.description ?? "",
      })),
      refreshable: client.grantTypeAllowed("refresh_token"),
      userName: users && (users.find(subject ?? "")?.name ?? ""),
    };
  }

  function scopesOf(interaction: Interaction): readonly string[] {
    return (interaction.params["scope"] ?? "").split(" ")
      .filter((name) => policy.definitions.has(name));
  }

  async function approve(
    request: IncomingMessage,
    response: ServerResponse,
    interaction: Interaction,
  ): Promise<void> {
    const accountId = users ? interaction.session?.accountId : LOCAL_OPERATOR;
    const { client_id: clientId, resource } = interaction.params;
    if (accountId === undefined || clientId === undefined || resource === undefined) {
      return send(response, 400, errorPage("session_not_found"));
    }
    if (tokens.isPersonShutOut(accountId)) return await shutOut(request, response);
    const grant = new provider.Grant({ accountId, clientId });
    grant.addResourceScope(resource, scopesOf(interaction).join(" "));
    await provider.interactionFinished(request, response, {
      consent: { grantId: await grant.save() },
      ...(users ? {} : { login: { accountId, remember: false } }),
    });
  }
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { ...PAGE_HEADERS, "content-type": "text/html; charset=utf-8" });
  response.end(body);
}

/** The fields of a form, or undefined where the body is none or too long. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_FORM_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

function inWords(seconds: number): string {
  if (seconds < 90) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
