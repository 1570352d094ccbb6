/** Adds many users to an organization, and says where to go on when it cannot finish. */

import { z } from "zod";
import { AppError } from "../errors.ts";
import { inBatches } from "./batches.ts";
import { failedRow, rowNumber } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, newUser, organizationId } from "./shapes.ts";

const MAX_ROWS = 500;

export default defineTool({
  name: "import_organization_users",
  title: "Import organization users",
  description:
    `Adds up to ${MAX_ROWS} people to an organization, in batches, with a progress notification for each. Use it ` +
    "instead of many create_organization_user calls; take the ids from list_environments and list_organizations. " +
    "Rows count from 1; a row that cannot be added is reported in failedRows and does not stop the others. Its code " +
    "conflict means: in the organization already, given twice, or external id taken or different; invalid_input: the " +
    "environment has no such role (list_environment_roles has them). If completed is " +
    "false, the rows before nextRow are done and none after: call again with the same users and startRow set to " +
    "nextRow. After an error or a lost answer repeat the call: nobody is added twice, rows added before come back " +
    "as conflict. Errors: not_found, this environment has no such organization; invalid_input, nothing was added.",
  effect: "create",
  scopes: ["org:write"],
  timeoutMs: 120_000,
  cost: 10,
  // Ten imports in ten seconds: some 5000 people, and most of the time of one thread.
  rate: { points: 100, seconds: 10 },
  input: z.strictObject({
    environmentId,
    organizationId,
    users: z.array(z.strictObject(newUser)).min(1).max(MAX_ROWS).describe("One row a person"),
    startRow: rowNumber.max(MAX_ROWS).default(1)
      .describe("First row to add, nextRow of an unfinished call; rows before it are skipped"),
  }),
  audit: { clear: ["environmentId", "organizationId", "startRow"] },
  output: z.object({
    completed: z.boolean().describe("Whether every row from startRow on was tried"),
    addedCount: z.int().min(0).describe("How many users this call added"),
    failedRows: z.array(failedRow),
    nextRow: rowNumber.describe("startRow to go on with; absent when completed").optional(),
  }),
  next({ completed, nextRow, failedRows }) {
    if (!completed) {
      return `Not all rows were tried: call import_organization_users again with the same users, startRow ${nextRow} and, if ` +
        "you use one, a new idempotencyKey.";
    }
    if (failedRows.length === 0) return "See them with list_organization_users.";
    return "Tell the person you work for about failedRows. Whoever is in list_organization_users needs no second try.";
  },
  async handle({ environmentId, organizationId, users, startRow }, context) {
    if (startRow > users.length) {
      throw new AppError(
        "invalid_input",
        `startRow is past the last row, which is ${users.length}`,
      );
    }
    const rows = users.map((user, index) => ({ row: index + 1, user })).slice(startRow - 1);
    const failedRows: z.input<typeof failedRow>[] = [];
    let addedCount = 0;
    const done = await inBatches(rows, context, async (batch) => {
      const results = await context.workspace
        .importOrganizationUsers(environmentId, organizationId, batch);
      for (const result of results) {
        if ("user" in result) addedCount += 1;
        else failedRows.push({ row: result.row, email: result.email, ...result.error });
      }
    });
    if (done === rows.length) return { completed: true, addedCount, failedRows };
    const nextRow = startRow + done;
    // A caller who went away never reads the answer, so the log has to say how far it came.
    context.log("import stopped early", { organizationId, addedCount, nextRow });
    return { completed: false, addedCount, failedRows, nextRow };
  },
});
