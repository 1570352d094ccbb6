/** The project's own documentation, embedded: whole texts by path, and the sections that they consist of. */

// Text imports are taken in by every compiler of this project; nothing is read from a disk at run time. One import a file:
// tests/tools/docs_test.ts tells which one is missing.
import readme from "../README.md" with { type: "text" };
import architecture from "../docs/architecture.md" with { type: "text" };
import decision1 from "../docs/decisions/0001-origin-is-checked-after-the-route-is-known.md" with {
  type: "text",
};
import decision2 from "../docs/decisions/0002-errors-of-tools-are-text.md" with { type: "text" };
import decision3 from "../docs/decisions/0003-low-level-server.md" with { type: "text" };
import decision4 from "../docs/decisions/0004-production-dependencies.md" with { type: "text" };
import decision5 from "../docs/decisions/0005-operator-client.md" with { type: "text" };
import decision6 from "../docs/decisions/0006-scopes-beyond-a-registration.md" with {
  type: "text",
};
import decision7 from "../docs/decisions/0007-audit-trail.md" with { type: "text" };
import decision8 from "../docs/decisions/0008-connect-is-a-bridge-of-messages.md" with {
  type: "text",
};
import decision9 from "../docs/decisions/0009-revocations-are-polled-and-fail-closed.md" with {
  type: "text",
};
import decision10 from "../docs/decisions/0010-a-user-lives-as-long-as-a-membership.md" with {
  type: "text",
};
import decision11 from "../docs/decisions/0011-an-unknown-outcome-keeps-its-key.md" with {
  type: "text",
};
import decision12 from "../docs/decisions/0012-subscriptions-are-refused-or-whole.md" with {
  type: "text",
};
import decision13 from "../docs/decisions/0013-upstreams-by-checked-address.md" with {
  type: "text",
};
import decision14 from "../docs/decisions/0014-audit-chains-in-postgresql.md" with { type: "text" };
import doctor from "../docs/doctor.md" with { type: "text" };
import operations from "../docs/operations.md" with { type: "text" };
import scalekit from "../docs/scalekit.md" with { type: "text" };
import threatModel from "../docs/threat_model.md" with { type: "text" };
import toolTable from "../docs/tools.md" with { type: "text" };

const TEXTS: Readonly<Record<string, string>> = {
  "README.md": readme,
  "docs/architecture.md": architecture,
  "docs/decisions/0001-origin-is-checked-after-the-route-is-known.md": decision1,
  "docs/decisions/0002-errors-of-tools-are-text.md": decision2,
  "docs/decisions/0003-low-level-server.md": decision3,
  "docs/decisions/0004-production-dependencies.md": decision4,
  "docs/decisions/0005-operator-client.md": decision5,
  "docs/decisions/0006-scopes-beyond-a-registration.md": decision6,
  "docs/decisions/0007-audit-trail.md": decision7,
  "docs/decisions/0008-connect-is-a-bridge-of-messages.md": decision8,
  "docs/decisions/0009-revocations-are-polled-and-fail-closed.md": decision9,
  "docs/decisions/0010-a-user-lives-as-long-as-a-membership.md": decision10,
  "docs/decisions/0011-an-unknown-outcome-keeps-its-key.md": decision11,
  "docs/decisions/0012-subscriptions-are-refused-or-whole.md": decision12,
  "docs/decisions/0013-upstreams-by-checked-address.md": decision13,
  "docs/decisions/0014-audit-chains-in-postgresql.md": decision14,
  "docs/doctor.md": doctor,
  "docs/operations.md": operations,
  "docs/scalekit.md": scalekit,
  "docs/threat_model.md": threatModel,
  "docs/tools.md": toolTable,
};

/** A page of the documentation. */
export interface Doc {
  /** From the top of the repository, such as `docs/operations.md`. */
  readonly path: string;
  /** Its first heading. */
  readonly title: string;
  /** The whole text, in Markdown. */
  readonly text: string;
}

/** What stands under one heading, up to the next. */
export interface Section {
  /** `path#heading`, as GitHub links it; without heading for what stands before the first. */
  readonly path: string;
  /** The headings that lead there, from the page's title on. */
  readonly title: string;
  readonly text: string;
}

/** Every page, sorted by path. */
export function listDocs(): readonly Doc[] {
  return Object.keys(TEXTS).sort().map((path) => readDoc(path)!);
}

/** One page by its path; undefined where there is none. */
export function readDoc(path: string): Doc | undefined {
  if (!Object.hasOwn(TEXTS, path)) return undefined;
  const text = TEXTS[path]!;
  return { path, title: /^# (.+)$/m.exec(text)?.[1] ?? path, text };
}

/** Splits a page at its headings; what is in a code block is no heading. */
export function sectionsOf({ path, text }: Doc): readonly Section[] {
  const sections: { path: string; title: string; lines: string[] }[] = [];
  const headings: string[] = [];
  const slugs = new Map<string, number>();
  let fenced = false;
  for (const line of text.split("\n")) {
    if (/^\s*```/.test(line)) fenced = !fenced;
    const heading = fenced ? null : /^(#{1,4}) (.+)$/.exec(line);
    if (heading) {
      headings.splice(heading[1]!.length - 1, Infinity, plain(heading[2]!));
      const slug = slugOf(heading[2]!, slugs);
      const title = headings.filter((part) => part).join(" > ");
      sections.push({ path: `${path}#${slug}`, title, lines: [] });
    } else if (sections.length > 0) {
      sections.at(-1)!.lines.push(line);
    } else if (line.trim() !== "") {
      sections.push({ path, title: path, lines: [line] });
    }
  }
  return sections
    .map(({ lines, ...rest }) => ({ ...rest, text: lines.join("\n").trim() }))
    .filter(({ text }) => text !== "");
}

function plain(heading: string): string {
  return heading.replaceAll("`", "");
}

/** The anchor that GitHub gives a heading; the second of the same name ends in -1. */
function slugOf(heading: string, seen: Map<string, number>): string {
  const slug = plain(heading).toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, "").replaceAll(" ", "-");
  const times = seen.get(slug) ?? 0;
  seen.set(slug, times + 1);
  return times === 0 ? slug : `${slug}-${times}`;
}
