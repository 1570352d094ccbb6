/** The client of an environment by which its applications sign people in: secrets, and where browsers may be sent. */

import { createHash } from "node:crypto";
import { AppError } from "../../errors.ts";
import { assertStorable } from "../text.ts";
import type {
  ClientSecret,
  EnvironmentClient,
  EnvironmentClientWorkspace,
  RedirectUri,
  RedirectUriKind,
} from "../workspace/environment_client.ts";
import { type Api, path } from "./api.ts";
import { type Context, IN_DASHBOARD, notSupported, notThere } from "./context.ts";
import { pageOf, remotePage } from "./page.ts";
import { createTurns } from "./turns.ts";
import {
  idIn,
  type Json,
  objectIn,
  objectsIn,
  oneOf,
  optionalText,
  strangeAnswer,
  textIn,
  textsIn,
  timeIn,
} from "./values.ts";

const FIELDS: Readonly<Record<RedirectUriKind, string>> = {
  REDIRECT: "post_login_uris",
  POST_LOGOUT_REDIRECT: "post_logout_redirect_uris",
};
const KINDS = Object.keys(FIELDS) as RedirectUriKind[];
const MOST_URIS = 100;
const MOST_SECRETS = 10;

export function environmentClient({ of }: Context): EnvironmentClientWorkspace {
  /** A list is changed, or held to its bound, after reading all of it, so this process does not do that twice at once. */
  const inTurn = new Map<string, ReturnType<typeof createTurns>>();
  const alone = <T>(environmentId: string, work: () => Promise<T>): Promise<T> => {
    if (!inTurn.has(environmentId)) inTurn.set(environmentId, createTurns(1, MOST_URIS));
    return inTurn.get(environmentId)!(AbortSignal.timeout(30_000), work);
  };

  async function writeUris(
    environmentId: string,
    kind: RedirectUriKind,
    change: (uris: readonly string[]) => readonly string[],
  ): Promise<void> {
    const api = of(environmentId);
    await alone(environmentId, async () => {
      const client = await findClient(api);
      await update(api, client, { [FIELDS[kind]]: change(textsIn(client, FIELDS[kind])) });
    });
  }

  return {
    getEnvironmentClient: async (environmentId) =>
      toClient(await findClient(of(environmentId)), environmentId),

    async createEnvironmentClientSecret(environmentId, { expireTime }) {
      const api = of(environmentId);
      if (expireTime !== undefined) {
        throw notSupported(
          "client secrets that expire",
          "leave expireTime out, and revoke it in time",
        );
      }
      return await alone(environmentId, async () => {
        const client = await findClient(api);
        const { clientId, secrets } = toClient(client, environmentId);
        if (secrets.length >= MOST_SECRETS) {
          throw conflict(`The client has ${MOST_SECRETS} secrets; revoke one first`);
        }
        const body = await api.call({
          method: "POST",
          path: path`/clients/${idIn(client)}/secrets`,
          missing: notThere,
        });
        const plainSecret = textIn(body, "plain_secret");
        if (plainSecret === "") throw strangeAnswer("no plain_secret");
        return { ...toSecret(objectIn(body, "secret")), clientId, plainSecret };
      });
    },

    async deleteEnvironmentClientSecret(environmentId, secretId) {
      const api = of(environmentId);
      const client = await findClient(api);
      const secret = toClient(client, environmentId).secrets.find(({ id }) => id === secretId);
      if (secret === undefined) throw secretUnknown(environmentId, secretId);
      await api.call({
        method: "DELETE",
        path: path`/clients/${idIn(client)}/secrets/${secretId}`,
        missing: () => secretUnknown(environmentId, secretId),
      });
      return secret;
    },

    async setInitiateLoginUri(environmentId, uri) {
      const api = of(environmentId);
      assertStorable({ uri });
      const client = await findClient(api);
      return toClient(await update(api, client, { initiate_login_uri: uri ?? "" }), environmentId);
    },

    listRedirectUris: async (environmentId, page) =>
      pageOf(urisOf(await findClient(of(environmentId))), ["redirect URIs", environmentId], page),

    async getRedirectUri(environmentId, kind, uri) {
      const found = urisOf(await findClient(of(environmentId)))
        .find((one) => one.kind === kind && one.uri === uri);
      if (found === undefined) throw uriUnknown(kind);
      return found;
    },

    async addRedirectUri(environmentId, kind, uri) {
      assertStorable({ uri });
      await writeUris(environmentId, kind, (uris) => {
        if (uris.includes(uri)) {
          throw conflict("The URI is in the list already; nothing was changed");
        }
        if (uris.length >= MOST_URIS) {
          throw conflict(
            `The environment has ${MOST_URIS} redirect URIs of this kind; remove one first`,
          );
        }
        return [...uris, uri];
      });
      return toRedirect(kind, uri);
    },

    async removeRedirectUri(environmentId, kind, uri) {
      await writeUris(environmentId, kind, (uris) => {
        if (!uris.includes(uri)) throw uriUnknown(kind);
        return uris.filter((one) => one !== uri);
      });
      return toRedirect(kind, uri);
    },
  };
}

/** Clients are of several types; the one that stands for the environment is made with it. */
async function findClient(api: Api): Promise<Json> {
  let at: string | undefined;
  for (let pages = 0; pages < 10; pages++) {
    const body = await api.call({
      method: "GET",
      path: "/clients",
      query: { page_size: 30, page_token: at },
      missing: notThere,
    });
    const { items, nextToken } = remotePage(body, "clients", (value) => value);
    const found = items.find((client) => client["client_type"] === "ENV");
    if (found) return found;
    if (nextToken === undefined) break;
    at = nextToken;
  }
  throw notSupported("a client of this environment", IN_DASHBOARD);
}

/** Their mask names the fields that are there, so an empty one removes. */
async function update(api: Api, client: Json, changes: Json): Promise<Json> {
  const body = await api.call({
    method: "PATCH",
    path: path`/clients/${idIn(client)}`,
    body: changes,
    missing: notThere,
  });
  return objectIn(body, "client");
}

function toClient(value: Json, environmentId: string): EnvironmentClient {
  const createTime = timeIn(value, "create_time");
  if (createTime === undefined) throw strangeAnswer("a client without create_time");
  return {
    // What applications send is the key id where there is one.
    clientId: textIn(value, "keyId") || textIn(value, "key_id") || idIn(value),
    environmentId,
    ...optionalText("initiateLoginUri", textIn(value, "initiate_login_uri")),
    secrets: objectsIn(value, "secrets").map(toSecret)
      .sort((a, b) => a.createTime < b.createTime ? -1 : 1),
    createTime,
    updateTime: timeIn(value, "update_time") ?? createTime,
  };
}

/** Their message has a place for the secret itself; it is not looked at. */
function toSecret(value: Json): ClientSecret {
  const createTime = timeIn(value, "create_time");
  const expireTime = timeIn(value, "expire_time");
  const lastUsedTime = timeIn(value, "last_used_time");
  if (createTime === undefined) throw strangeAnswer("a secret without create_time");
  return {
    id: idIn(value),
    secretSuffix: textIn(value, "secret_suffix"),
    status: oneOf(["ACTIVE", "INACTIVE"], value, "status", "INACTIVE"),
    createTime,
    ...(expireTime && { expireTime }),
    ...(lastUsedTime && { lastUsedTime }),
  };
}

function urisOf(client: Json): readonly RedirectUri[] {
  return KINDS.flatMap((kind) => textsIn(client, FIELDS[kind]).map((uri) => toRedirect(kind, uri)));
}

/** They have no ids; a list here is ordered, and its place kept, by what is unique about a URI. */
function toRedirect(kind: RedirectUriKind, uri: string): RedirectUri {
  const hash = createHash("sha256").update(`${kind} ${uri}`).digest("hex");
  return { id: `uri_${hash.slice(0, 26)}`, kind, uri };
}

function conflict(message: string): AppError {
  return new AppError("conflict", message, { reason: "client_conflict" });
}

function uriUnknown(kind: RedirectUriKind): AppError {
  return new AppError(
    "not_found",
    `The environment has no such URI of kind ${kind}; list its redirect URIs`,
    {
      reason: "redirect_uri",
    },
  );
}

function secretUnknown(environmentId: string, secretId: string): AppError {
  return new AppError(
    "not_found",
    "The client of the environment has no such secret; its credentials name the ids",
    { reason: "client_secret", details: { environmentId, secretId } },
  );
}
