/** The Scalekit backend with servers of its own, for the tests of it. */

import { openStore, type Store } from "../../../store/mod.ts";
import type { ApiLimits } from "../../../store/scalekit/settings.ts";
import { createScalekitWorkspace } from "../../../store/scalekit/workspace.ts";
import { type ScalekitServer, startScalekit } from "./server.ts";

/** Waits that a test can afford; enough time for a slow machine. */
export const QUICK: Partial<ApiLimits> = { backoff: 2 };

export interface Remote extends Store {
  readonly development: ScalekitServer;
  readonly production: ScalekitServer;
}

export interface RemoteOptions {
  readonly limits?: Partial<ApiLimits>;
  readonly now?: () => Date;
  readonly expiresIn?: number;
}

/** A store whose workspace is two environments on sockets; the rest is in memory. */
export async function openRemote(options: RemoteOptions = {}): Promise<Remote> {
  const { limits = {}, now = () => new Date(), expiresIn } = options;
  const token = expiresIn === undefined ? {} : { expiresIn };
  const development = await startScalekit({ type: "DEV", ...token });
  const production = await startScalekit({ type: "PRD", ...token });
  const local = await openStore("sqlite::memory:", { now });
  const remote = createScalekitWorkspace(
    { environments: [development.environment, production.environment] },
    { now, limits: { ...QUICK, ...limits } },
  );
  return {
    ...local,
    workspace: remote.workspace,
    development,
    production,
    async close() {
      remote.close();
      await local.close();
      await development.close();
      await production.close();
    },
  };
}
