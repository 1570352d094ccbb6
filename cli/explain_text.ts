/** Writes an explanation for people: aligned, dates beside NumericDates, and nothing that a terminal would obey. */

import { columns } from "./command.ts";
import type { Explanation, ReadClaims } from "./explanation.ts";
import { printableJson, show } from "./printable.ts";

/** Returns the text; `now` is in seconds since the epoch. */
export function explanationText(explanation: Explanation, now: number): string {
  const { token, issuer, verified, claims, bound_to, tools, refusal, notes = [] } = explanation;
  const rows: string[][] = [];
  const add = (label: string, text: string | undefined) => {
    if (text !== undefined) rows.push([label, text]);
  };
  add("Token", token.form === "jwt" ? headerText(token) : "opaque, so only its issuer can tell");
  add("Issuer", issuerText(issuer));
  if (claims) rows.push(...claimRows(claims, now));
  if (refusal?.reason.startsWith("aud_")) add("Accepted", issuer.audiences?.join(" "));
  add("Verified", verified ? "yes" : "no; what stands above is what the token says of itself");
  if (bound_to !== undefined) {
    add("Bound to", `${show(bound_to)}; each request needs a DPoP proof of that key as well`);
  }
  for (const note of notes) add("Note", show(note));
  if (refusal) add("Refused", `${refusal.status} ${refusal.error}, reason ${show(refusal.reason)}`);
  if (refusal) add("Advice", refusal.advice);
  const asked = tools?.length === 1 ? tools[0] : undefined;
  if (asked) {
    add("Tool", `${asked.name} needs ${asked.required_scopes.join(" ") || "no scope"}`);
    add("Missing", asked.missing_scopes.join(" ") || "nothing");
  }
  add("Decision", explanation.decision);
  const text = columns(rows, "");
  return tools && !asked && !refusal ? `${text}\n\n${toolList(tools)}` : text;
}

/** JSON for programs, in which characters that a terminal would obey are escaped too. */
export function explanationJson(explanation: Explanation): string {
  return printableJson(explanation);
}

function headerText({ alg, typ, kid }: Explanation["token"]): string {
  return `JWT, alg ${show(alg)}, typ ${show(typ)}, kid ${show(kid)}`;
}

function issuerText({ name, known, profile, configured }: Explanation["issuer"]): string {
  if (known) return `${show(name)} (known, profile ${profile})`;
  const trusted = configured.map(show).join(", ");
  return name === undefined
    ? `not named; this server trusts ${trusted}`
    : `${show(name)} (unknown; this server trusts ${trusted})`;
}

function claimRows(claims: ReadClaims, now: number): string[][] {
  const { client, token_id, scopes } = claims;
  const rows: (readonly [string, string | undefined])[] = [
    ["Audience", show(claims.audience)],
    ["Subject", show(claims.subject)],
    ["Client", `${show(client.value)} (${client.claim})`],
    ["Kind", claims.kind && KINDS[claims.kind]],
    ["Token id", `${show(token_id.value)} (${token_id.claim})`],
    ["Issued", dateText(claims.issued_at, now)],
    ["Valid from", claims.not_before === undefined ? undefined : dateText(claims.not_before, now)],
    ["Expires", dateText(claims.expires_at, now)],
    ["Scopes", scopeText(scopes)],
    ["Implied", scopes.implied?.map(show).join(" ") || undefined],
    ["Not known", scopes.unknown?.map(show).join(" ") || undefined],
  ];
  return rows.flatMap(([label, text]) => text === undefined ? [] : [[`  ${label}`, text]]);
}

const KINDS = { user: "a client that acts for a person", client: "a client by itself" } as const;

function scopeText({ claim, form, value, granted }: ReadClaims["scopes"]): string {
  if (granted) return `${granted.map(show).join(" ") || "none"} (${claim})`;
  return `${claim} is ${show(value)}, and the profile reads ${
    form === "array" ? "an" : "a"
  } ${form}`;
}

function toolList(tools: NonNullable<Explanation["tools"]>): string {
  return columns(
    tools.map(({ name, missing_scopes }) => [
      name,
      missing_scopes.length === 0 ? "allowed" : `lacks ${missing_scopes.join(" ")}`,
    ]),
    "",
  );
}

/** A NumericDate as a person reads it: the moment, and how far from now. */
function dateText(value: unknown, now: number): string {
  const date = typeof value === "number" ? new Date(value * 1000) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) return show(value);
  return `${date.toISOString()} (${relative((value as number) - now)})`;
}

function relative(seconds: number): string {
  const distance = Math.abs(seconds);
  const [size, unit] = distance < 90
    ? [1, "second"] as const
    : distance < 5400
    ? [60, "minute"] as const
    : distance < 129_600
    ? [3600, "hour"] as const
    : [86_400, "day"] as const;
  return new Intl.RelativeTimeFormat("en").format(Math.round(seconds / size), unit);
}
