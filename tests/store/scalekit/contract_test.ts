/** The contract of the workspace, held by the Scalekit backend as far as the API lets it. */

import { describeWorkspace } from "../contract.ts";
import type { Exceptions } from "../contract_scene.ts";
import { openRemote } from "./support.ts";

/**
 * All that the backend does not hold, each with a word of why; `kinds_test.ts` holds what is left of it.
 *
 * A test here that passes after all fails, and so does one that fails for another reason.
 */
const EXCEPTIONS: Exceptions = {
  // Their search takes 3 to 100 characters.
  "listOrganizations() searches without regard to case and takes wildcards literally":
    /3 to 100 characters/,
  "listUsers() lists each person once, and finds them": /3 to 100 characters/,

  // Domains are verified with an organization, and given to connections by their id.
  "createConnection() stores what it is given, and enables nothing": /domains of a connection/,
  "createConnection() refuses a taken key id or domain and adds nothing": /domains of a connection/,
  "updateConnection() leaves an enabled one alone": /domains of a connection/,
  "updateConnection() gives up the domains that it replaces": /domains of a connection/,
  "deleteConnection() takes its accounts, domains and key with it": /domains of a connection/,
  "of connections that claim a domain at once one gets it": /0 !== 1/,
  // A list has neither settings nor the time of the last change.
  "listConnections() tells an environment's from an organization's": /settings: \{\}/,

  // A link works once and for a minute, and is neither listed nor taken back.
  "createAdminPortalLink() shows its secret once": /60 !== 604800/,
  "every admin portal link has a secret and a life of its own": /how long an admin portal link/,
  "an organization has no more than so many open links, also in a race": /13 !== 10/,
  "links of another environment's organization cannot be reached": /list of admin portal links/,

  "createConnectedAccountMagicLink() adds an account that waits": /\+ undefined/,
  "a further magic link is for the same account": /how long a magic link works/,
  "listConnectedAccounts() meets every filter, letter by letter": /connected accounts by status/,

  // They compare URLs as they are.
  "a URL is registered once in its environment": /Expected the promise to reject/,

  // Their update has no mask, so an empty value is one that is left out.
  "updateUser() changes what every organization sees": /removal of familyName/,

  // Scopes of an environment are for people of the workspace alone.
  "an environment keeps a hundred roles and a hundred scopes": /scopes of an environment/,
  "updateEnvironmentRole() and updateEnvironmentScope() change what is named":
    /scopes of an environment/,
  "deleteEnvironmentScope() deletes one scope of one environment": /scopes of an environment/,

  "a secret is inactive once its time has passed": /client secrets that expire/,
};

describeWorkspace("scalekit", () => openRemote(), EXCEPTIONS);
