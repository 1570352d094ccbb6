/** The PostgreSQL store: the contracts, each test in a schema of its own, and what only a server can get wrong. */

import { test } from "node:test";
import { openStore } from "../../store/mod.ts";
import { needsPostgres, newLocation, withPostgres } from "../support/postgres.ts";
import { describeAuthorization } from "./authorization_contract.ts";
import { describeWorkspace } from "./contract.ts";

const now = () => new Date();

withPostgres("the contracts", () => {
  describeWorkspace("postgres", () => openStore(newLocation(), { now }));
  describeAuthorization("postgres", (options) => openStore(newLocation(), options));
});
