/** The part of `pg` that is used here. It has no types of its own, and `@types/pg` brings those of Node, which are not Deno's. */

export interface Result {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: Record<string, unknown>[];
}

declare class Client {
  constructor(config: { readonly connectionString: string });
  connect(): Promise<void>;
  end(): Promise<void>;
  query(text: string, values?: readonly unknown[]): Promise<Result>;
  on(event: "error", listener: (error: Error) => void): this;
}

export interface PoolClient extends Client {
  /** With `true` the connection is closed instead of kept. */
  release(destroy?: boolean): void;
}

export interface PoolConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string | (() => string);
  readonly ssl: false | {
    readonly rejectUnauthorized: boolean;
    readonly checkServerIdentity?: () => undefined;
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  };
  readonly application_name: string;
  readonly max: number;
  readonly connectionTimeoutMillis: number;
  readonly idleTimeoutMillis: number;
  readonly maxLifetimeSeconds: number;
  readonly keepAlive: boolean;
  readonly allowExitOnIdle: boolean;
  readonly query_timeout: number;
  readonly types: { getTypeParser(oid: number, format?: "text" | "binary"): TypeParser };
  onConnect(client: Client): Promise<void>;
}

export type TypeParser = (text: string) => unknown;

declare class Pool {
  constructor(config: PoolConfig);
  readonly options: object;
  /** How many wait for a connection. */
  readonly waitingCount: number;
  connect(): Promise<PoolClient>;
  end(): Promise<void>;
  on(event: "error" | "connect", listener: (subject: Client) => void): this;
}

declare const pg: {
  readonly Client: typeof Client;
  readonly Pool: typeof Pool;
  readonly types: {
    readonly builtins: { readonly INT8: number };
    getTypeParser(oid: number, format?: "text" | "binary"): TypeParser;
  };
};
export type { Client, Pool };
export default pg;
