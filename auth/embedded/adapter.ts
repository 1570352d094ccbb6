/** Keeps the library's models in the store: ids as hashes, dynamic clients with an end, operator clients from their own list. */

import type { AuthorizationStateStore, ClientStore } from "../../store/authorization.ts";
import { hashSecret, operatorMetadata } from "./clients.ts";
import type { IssuedTokens } from "./issued_tokens.ts";
import { currentRoute, errors } from "./library.ts";
import type { Adapter, ClientMetadata } from "./library.ts";
import { hashId } from "./record_ids.ts";
import { isDocumentClient } from "./registration.ts";

/** Marks the ids that dynamic registration gives out. */
export const DYNAMIC_CLIENT_PREFIX = "dyn_";

/** The model under which dynamic clients are counted. */
export const CLIENT_MODEL = "Client";

const DAY_MS = 86_400_000;
const UNUSED_CLIENT_MS = DAY_MS;
const USED_CLIENT_MS = 30 * DAY_MS;

export interface Adapters {
  /** Makes the adapter of one model. */
  readonly create: (model: string) => Adapter;
  /** Tells that a client got tokens: a dynamic one then lives for 30 days more, otherwise it ends after one. */
  clientUsed(clientId: string): Promise<void>;
}

export interface AdapterParts {
  readonly clients: ClientStore;
  readonly state: AuthorizationStateStore;
  readonly tokens: Pick<IssuedTokens, "endGrant" | "isShutOut">;
}

export function createAdapters(parts: AdapterParts): Adapters {
  return {
    create: (model) => model === CLIENT_MODEL ? clientAdapter(parts) : recordAdapter(parts, model),
    async clientUsed(clientId) {
      if (!clientId.startsWith(DYNAMIC_CLIENT_PREFIX)) return;
      const payload = await parts.state.find(CLIENT_MODEL, clientId);
      const now = Date.now();
      if (!payload || (typeof payload["usedAt"] === "number" && now - payload["usedAt"] < DAY_MS)) {
        return;
      }
      await parts.state.put(CLIENT_MODEL, clientId, {
        payload: { ...payload, usedAt: now },
        expiresAt: now + USED_CLIENT_MS,
      });
    },
  };
}

function clientAdapter(parts: AdapterParts): Adapter {
  const { clients, state, tokens } = parts;
  return {
    ...recordAdapter(parts, CLIENT_MODEL),
    async upsert(id, metadata) {
      const secret = metadata["client_secret"];
      const kept = typeof secret === "string"
        ? { ...metadata, client_secret: hashSecret(secret) }
        : metadata;
      await state.put(CLIENT_MODEL, id, {
        payload: { metadata: kept },
        expiresAt: Date.now() + UNUSED_CLIENT_MS,
      });
    },
    async find(id) {
      // The library then says invalid_client: no token, no refresh, no authorization.
      if (isDocumentClient(id) || tokens.isShutOut(id)) return undefined;
      if (id.startsWith(DYNAMIC_CLIENT_PREFIX)) {
        const payload = await state.find(CLIENT_MODEL, id);
        return payload?.["metadata"] as ClientMetadata | undefined;
      }
      const client = await clients.find(id);
      return client && operatorMetadata(client);
    },
  };
}

/** Models that a grant's end takes with it. */
const GRANTED = ["AuthorizationCode", "RefreshToken"];
/** The library keeps no record of a signed token, and asks this model first whenever a grant ends. */
const ACCESS_TOKEN_MODEL = "AccessToken";

function recordAdapter({ state, tokens }: AdapterParts, model: string): Adapter {
  async function endGrant(grantId: string): Promise<void> {
    await tokens.endGrant(grantId, { isClient: false });
    for (const granted of GRANTED) await state.removeByGrant(granted, hashId(grantId));
  }

  return {
    async upsert(id, payload, expiresIn) {
      // A copy of the database must not hand out codes, refresh tokens or cookies, so no value is kept beside its hash.
      const { jti: _, ...kept } = payload;
      const { grantId, uid } = payload;
      await state.put(model, hashId(id), {
        payload: kept,
        ...(expiresIn ? { expiresAt: Date.now() + expiresIn * 1000 } : {}),
        ...(typeof grantId === "string" ? { grantId: hashId(grantId) } : {}),
        ...(typeof uid === "string" ? { uid } : {}),
      });
    },
    async find(id) {
      const payload = await state.find(model, hashId(id));
      return payload && { ...payload, jti: id };
    },
    findByUid: (uid) => state.findByUid(model, uid),
    findByUserCode: (userCode) => state.findByUserCode(model, userCode),
    async consume(id) {
      if (await state.consume(model, hashId(id))) return;
      // Two requests raced with one code or refresh token: one of the two holders is a thief (RFC 9700 section 4.14.2).
      const payload = await state.find(model, hashId(id));
      if (typeof payload?.["grantId"] === "string") await endGrant(payload["grantId"]);
      throw new errors.InvalidGrant("already used");
    },
    destroy: (id) => state.remove(model, hashId(id)),
    revokeByGrantId: (grantId) =>
      model === ACCESS_TOKEN_MODEL
        // The library ends a grant at a client's wish, and where a code or refresh token comes twice.
        ? tokens.endGrant(grantId, { isClient: currentRoute() === "revocation" })
        : state.removeByGrant(model, hashId(grantId)),
  };
}
