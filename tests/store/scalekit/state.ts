/** What the stand-in for the Scalekit API holds of one environment. */

import { timestamp } from "./routes.ts";

export interface Organization {
  id: string;
  display_name: string;
  external_id?: string;
  metadata: Record<string, string>;
  features: Map<string, boolean>;
  create_time: string;
  update_time: string;
}

export interface Membership {
  organization_id: string;
  join_time: string;
  order: string;
  roles: string[];
}

export interface User {
  id: string;
  email: string;
  external_id?: string;
  given_name?: string;
  family_name?: string;
  memberships: Membership[];
  create_time: string;
  update_time: string;
}

export interface Role {
  id: string;
  name: string;
  display_name: string;
  description: string;
}

export interface Connection {
  id: string;
  organization_id?: string;
  provider: string;
  provider_key?: string;
  key_id: string;
  type: string;
  enabled: boolean;
  configs: Record<string, Record<string, string>>;
  create_time: string;
  update_time: string;
}

export interface Account {
  id: string;
  identifier: string;
  connector: string;
  updated_at: string;
}

export interface Resource {
  id: string;
  fields: Record<string, unknown>;
  create_time: string;
  update_time: string;
}

export interface Secret {
  id: string;
  create_time: string;
  secret_suffix: string;
}

export interface Client {
  id: string;
  keyId: string;
  client_type: string;
  initiate_login_uri: string;
  post_login_uris: string[];
  post_logout_redirect_uris: string[];
  secrets: Secret[];
  create_time: string;
  update_time: string;
}

export interface Member {
  id: string;
  email: string;
  role: string;
  invited: boolean;
  create_time: string;
}

export interface State {
  readonly environmentId: string;
  readonly host: string;
  readonly organizations: Map<string, Organization>;
  readonly users: Map<string, User>;
  readonly roles: Map<string, Role>;
  readonly defaults: { creator: string; member: string };
  readonly connections: Map<string, Connection>;
  readonly accounts: Map<string, Account>;
  readonly resources: Map<string, Resource>;
  readonly clients: Map<string, Client>;
  readonly members: Map<string, Member>;
  newId(prefix: string): string;
}

/** Of one length, rising, and never twice in any environment, as theirs are. */
let nextId = 59_615_193_906_282_600n;
const newId = (prefix: string) => `${prefix}_${nextId++}`;

export function createState(environmentId: string, host: string): State {
  const time = timestamp();
  const named = (name: string): [string, Role] => [
    name,
    { id: newId("role"), name, display_name: name, description: "" },
  ];
  const member = (email: string, role: string): [string, Member] => {
    const id = newId("mem");
    return [id, { id, email, role, invited: false, create_time: time }];
  };
  const client = (client_type: string): [string, Client] => {
    const id = newId("skc");
    return [id, {
      id,
      keyId: id,
      client_type,
      initiate_login_uri: "",
      post_login_uris: ["https://app.example.com/callback"],
      post_logout_redirect_uris: [],
      secrets: [{ id: newId("sks"), create_time: time, secret_suffix: "abcd" }],
      create_time: time,
      update_time: time,
    }];
  };
  return {
    environmentId,
    host,
    organizations: new Map(),
    users: new Map(),
    roles: new Map([named("admin"), named("member"), named("billing")]),
    defaults: { creator: "admin", member: "member" },
    connections: new Map(),
    accounts: new Map(),
    resources: new Map(),
    clients: new Map([client("OTHER"), client("ENV")]),
    members: new Map([member("ada@example.com", "ADMIN"), member("ben@example.com", "USER")]),
    newId,
  };
}
