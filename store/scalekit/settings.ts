/** What the operator says about the Scalekit environments that are the workspace. */

/** One environment, and the client of its own that Gatehouse is towards its API. */
export interface ScalekitEnvironment {
  readonly id: string;
  /** The origin of the environment, such as `https://acme.scalekit.com`; https, or http on loopback. */
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the API does not tell such a client, so that the operator does. */
  readonly displayName?: string | undefined;
  readonly type?: "DEV" | "PRD" | undefined;
  readonly regionCode?: "US" | "EU" | undefined;
}

export interface ScalekitSettings {
  readonly environments: readonly ScalekitEnvironment[];
}

/** The bounds of calls; milliseconds where it does not say so. */
export interface ApiLimits {
  readonly requestTimeout: number;
  /** For a call with all that it waits for: its turn, a token, further attempts. Shorter than a tool's deadline. */
  readonly totalTimeout: number;
  readonly attempts: number;
  /** The first wait before a further attempt; each one after may be twice as long. */
  readonly backoff: number;
  /** Calls to one environment at once, and how many may wait for their turn. */
  readonly concurrent: number;
  readonly waiting: number;
  /** Bytes of an answer, after decompression. */
  readonly answerBytes: number;
}

export const API_LIMITS: ApiLimits = {
  requestTimeout: 8_000,
  totalTimeout: 20_000,
  attempts: 4,
  backoff: 250,
  concurrent: 8,
  waiting: 200,
  answerBytes: 4 * 1024 * 1024,
};
