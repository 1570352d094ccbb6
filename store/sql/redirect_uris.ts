/** Where the applications of an environment may have browsers sent to; exact strings, compared byte by byte. */

import { AppError } from "../../errors.ts";
import type {
  EnvironmentClientWorkspace,
  RedirectUri,
  RedirectUriKind,
} from "../workspace/environment_client.ts";
import { changeEnvironment, tooMany } from "./environment_change.ts";
import { findEnvironment, findInEnvironment } from "./environments.ts";
import { readPage } from "./page.ts";
import type { Database, SqlContext } from "./schema.ts";
import { assertStorable } from "./text.ts";

export interface RedirectUriRow {
  id: string;
  environment_id: string;
  kind: RedirectUriKind;
  uri: string;
  create_time: string;
}

const MOST_OF_A_KIND = 100;
const NAMES: Readonly<Record<RedirectUriKind, string>> = {
  REDIRECT: "redirect URI",
  POST_LOGOUT_REDIRECT: "post-logout redirect URI",
};

export function redirectUris({ db, newId, now }: SqlContext): Pick<
  EnvironmentClientWorkspace,
  "listRedirectUris" | "getRedirectUri" | "addRedirectUri" | "removeRedirectUri"
> {
  return {
    async listRedirectUris(environmentId, page) {
      await findEnvironment(db, environmentId);
      const query = db
        .selectFrom("redirect_uris")
        .selectAll()
        .where("environment_id", "=", environmentId);
      return readPage(query, "redirect_uris", page, {
        list: ["redirect URIs", environmentId],
        order: "oldest first",
        toItem: toRedirectUri,
      });
    },

    async getRedirectUri(environmentId, kind, uri) {
      return toRedirectUri(await findRedirectUri(db, environmentId, kind, uri));
    },

    addRedirectUri(environmentId, kind, uri) {
      assertStorable({ uri });
      return changeEnvironment(db, environmentId, async (trx) => {
        const { count } = await trx
          .selectFrom("redirect_uris")
          .where("environment_id", "=", environmentId)
          .where("kind", "=", kind)
          .select(({ fn }) => fn.countAll().as("count"))
          .executeTakeFirstOrThrow();
        if (Number(count) >= MOST_OF_A_KIND) throw tooMany(`${NAMES[kind]}s`, MOST_OF_A_KIND);
        const row = await trx
          .insertInto("redirect_uris")
          .values({
            id: newId("uri"),
            environment_id: environmentId,
            kind,
            uri,
            create_time: now().toISOString(),
          })
          .onConflict((conflict) => conflict.doNothing())
          .returningAll()
          .executeTakeFirst();
        if (row) return toRedirectUri(row);
        throw new AppError(
          "conflict",
          `The environment has this ${NAMES[kind]} already; nothing has to be done`,
          { reason: "uri_taken" },
        );
      });
    },

    async removeRedirectUri(environmentId, kind, uri) {
      const found = await findRedirectUri(db, environmentId, kind, uri);
      const row = await db
        .deleteFrom("redirect_uris")
        .where("id", "=", found.id)
        .returningAll()
        .executeTakeFirst();
      return toRedirectUri(row ?? await findRedirectUri(db, environmentId, kind, uri));
    },
  };
}

function findRedirectUri(
  db: Database,
  environmentId: string,
  kind: RedirectUriKind,
  uri: string,
): Promise<RedirectUriRow> {
  return findInEnvironment(
    db,
    { environmentId, key: uri },
    db
      .selectFrom("redirect_uris")
      .selectAll()
      .where("environment_id", "=", environmentId)
      .where("kind", "=", kind)
      .where("uri", "=", uri),
    () =>
      new AppError(
        "not_found",
        `The environment has no such ${NAMES[kind]}; list them, and give it letter by letter`,
        { reason: "redirect_uri", details: { environmentId } },
      ),
  );
}

function toRedirectUri({ id, kind, uri, create_time }: RedirectUriRow): RedirectUri {
  return { id, kind, uri, createTime: create_time };
}
