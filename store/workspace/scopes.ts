/** The scopes of an environment: what its applications can ask for in access tokens. */

import type { Page, PageRequest } from "./objects.ts";

export interface Scope {
  readonly id: string;
  readonly environmentId: string;
  /** 1 to 64 ASCII letters, digits or colons; unique in the environment, case-sensitive, never changed. */
  readonly name: string;
  /** What a person reads who is asked to agree; empty where none was given. */
  readonly description: string;
  /** Whether tokens are issued with it. */
  readonly enabled: boolean;
  readonly createTime: string;
  readonly updateTime: string;
}

export interface NewScope {
  readonly name: string;
  readonly description?: string | undefined;
}

/** What is left out stays as it is. */
export interface ScopeChanges {
  readonly description?: string | undefined;
  readonly enabled?: boolean | undefined;
}

/** The part of the Workspace interface about scopes. */
export interface ScopeWorkspace {
  /** Oldest first. */
  listEnvironmentScopes(environmentId: string, page: PageRequest): Promise<Page<Scope>>;
  getEnvironmentScope(environmentId: string, name: string): Promise<Scope>;
  /** `conflict` when the name is taken, or the environment has all the scopes it may have. */
  createEnvironmentScope(environmentId: string, input: NewScope): Promise<Scope>;
  updateEnvironmentScope(
    environmentId: string,
    name: string,
    changes: ScopeChanges,
  ): Promise<Scope>;
  /** Returns the scope as it was. */
  deleteEnvironmentScope(environmentId: string, name: string): Promise<Scope>;
}
