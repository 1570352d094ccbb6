/** Checks on the revisions of the protocol: what is spoken, and what a client learns that speaks another. */

import { AppError } from "../../errors.ts";
import { MODERN_REVISION } from "../../http/message.ts";
import type { Answer } from "./answer.ts";
import { CANNOT_TELL, fault, PASS } from "./check.ts";
import type { Check, Group } from "./check.ts";
import {
  answerToInitialize,
  answerToToken,
  bareAnswers,
  entrance,
  modernSpeaker,
  speaker,
  withToken,
} from "./facts.ts";
import { messageOf, modern, summary, withHeader } from "./messages.ts";
import type { Posted } from "./messages.ts";

const VERSIONS = "MCP 2026-07-28 Versioning";
const HEADERS = "MCP 2026-07-28 Streamable HTTP, Server Validation";
const SAY_SO =
  "Answer 400 with the error -32022 and the revisions that are spoken in data.supported.";
const COMPARE =
  "Answer 400 with the error -32020 where a header is missing or disagrees with the body.";

const any: Check = {
  id: "era-any",
  title: "The server speaks MCP",
  rule: VERSIONS,
  severity: "fail",
  remedy: "Answer server/discover (2026-07-28) or initialize (the revisions before) with a result.",
  async run(context) {
    await context.fact(entrance);
    try {
      await context.fact(speaker);
      return PASS;
    } catch (error) {
      // Here the ground that others miss is the finding.
      if (error instanceof AppError && error.reason === CANNOT_TELL) return fault(error.message);
      throw error;
    }
  },
};

const modernEra: Check = {
  id: "era-modern",
  title: `${MODERN_REVISION} is spoken, or clearly refused`,
  rule: VERSIONS,
  severity: "warn",
  remedy: SAY_SO,
  async run(context) {
    const token = await context.fact(entrance);
    const answer = token === undefined
      ? (await context.fact(bareAnswers)).discover
      : await context.fact(answerToToken);
    return messageOf(answer)?.result || saysWhatIsSpoken(answer) ? PASS : fault(summary(answer));
  },
};

const legacyEra: Check = {
  id: "era-legacy",
  title: "initialize is answered, or clearly refused",
  rule: VERSIONS,
  severity: "warn",
  remedy: `${SAY_SO} Most clients in use still begin with initialize.`,
  async run(context) {
    const answer = await context.fact(answerToInitialize);
    const revision = messageOf(answer)?.result?.["protocolVersion"];
    return typeof revision === "string" || saysWhatIsSpoken(answer) ? PASS : fault(summary(answer));
  },
};

const unknown: Check = {
  id: "era-unknown",
  title: "An unknown revision is refused with those that are spoken",
  rule: VERSIONS,
  severity: "warn",
  remedy: SAY_SO,
  async run(context) {
    await context.fact(modernSpeaker);
    const answer = await context.send({
      ...modern("tools/list", {}, "2099-01-01"),
      ...withToken(await context.fact(entrance)),
    });
    return saysWhatIsSpoken(answer) ? PASS : fault(summary(answer));
  },
};

const methodHeader = mismatch(
  "header-method",
  "Mcp-Method",
  (sent) => withHeader(sent, "mcp-method", "tools/call"),
);
const versionHeader = mismatch(
  "header-version",
  "MCP-Protocol-Version",
  (sent) => withHeader(sent, "mcp-protocol-version", "2025-11-25"),
);
const nameHeader = mismatch(
  "header-name",
  "Mcp-Name",
  (sent) => withHeader(sent, "mcp-name", "doctor_other"),
);

const noHeader: Check = {
  ...mismatch("header-missing", "Mcp-Method", (sent) => withHeader(sent, "mcp-method", undefined)),
  title: "A request without Mcp-Method is refused",
  severity: "warn",
};

function mismatch(id: string, header: string, change: (sent: Posted) => Posted): Check {
  return {
    id,
    title: `${header} has to agree with the body`,
    rule: HEADERS,
    severity: "fail",
    remedy: `${COMPARE} Gateways decide by the headers.`,
    async run(context) {
      const { request } = await context.fact(modernSpeaker);
      // No tool has this name, so that nothing runs where the header is not compared.
      const sent = header === "Mcp-Name"
        ? request("tools/call", { name: "doctor_no_such_tool", arguments: {} })
        : request("tools/list");
      const answer = await context.send(change(sent));
      const right = answer.status === 400 && messageOf(answer)?.error?.code === -32020;
      return right ? PASS : fault(summary(answer));
    },
  };
}

function saysWhatIsSpoken(answer: Answer): boolean {
  const error = messageOf(answer)?.error;
  const supported = error?.data?.["supported"];
  return error?.code === -32022 && Array.isArray(supported) && supported.length > 0;
}

export const era: Group = {
  id: "era",
  title: "Revisions of the protocol",
  checks: [any, modernEra, legacyEra, unknown, methodHeader, versionHeader, nameHeader, noHeader],
};
