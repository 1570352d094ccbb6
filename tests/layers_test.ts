import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";

const ROOT = dirname(import.meta.dirname!);
const FOLDERS = [
  "auth",
  "cli",
  "http",
  "prompts",
  "resources",
  "store",
  "telemetry",
  "tools",
  "upstream",
];
/** From the top of the house to its ground; an import goes down. `errors`, `html`, `once_only` and `telemetry` are for everybody. */
const ORDER = ["main", "cli", "http", "prompts", "resources", "tools", "upstream", "auth", "store"];
const LEAVES = new Set(["errors", "html", "once_only", "telemetry"]);

/** A library, and the only place that may name it. */
const SEAMS: readonly (readonly [RegExp, RegExp])[] = [
  [/^jose$/, /^auth\//],
  [/^oidc-provider/, /^auth\/embedded\//],
  [/^@modelcontextprotocol\/server/, /^http\/mcp(_\w+)?\.ts$/],
  [/^(kysely|node:sqlite|postgres)$/, /^store\/sql\//],
  [/^pg$/, /^(store\/sql\/|http\/limits\/postgres\.ts$)/],
  [/^ioredis$/, /^http\/limits\/redis\.ts$/],
  [/^rate-limiter-flexible$/, /^(http\/limits\/|auth\/embedded\/)/],
  [/^ipaddr\.js$/, /^(http\/peer|auth\/addresses)\.ts$/],
  [/^(@logtape|@opentelemetry)\//, /^telemetry\//],
  [/^commander$/, /^cli\//],
  [/^minisearch$/, /^tools\/docs_search\.ts$/],
  [/^canonicalize$/, /^store\/audit\/record\.ts$/],
  [/^oauth4webapi$/, /^(cli\/|upstream\/token_client\.ts$)/],
  [/^eventsource-parser$/, /^cli\/connect\//],
];
/** What belongs to tests alone. */
const TEST_ONLY =
  /^(@std\/|@modelcontextprotocol\/(client|sdk|conformance|inspector)|mcp-remote|playwright|structured-headers|yaml$)/;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = [
  ...["main.ts", "errors.ts", "html.ts"],
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts")).map((name) => join(folder, name))
  ),
].map((path) => {
  const text = readFileSync(join(ROOT, path), "utf8");
  const imports = [...text.matchAll(/(?:^|[^\w])(?:from|import)\s*\(?\s*"([^"]+)"/g)]
    .map((match) => match[1]!);
  return { path, text, imports };
});

function layerOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path.replace(/\.ts$/, "");
}

function targetOf(source: Source, specifier: string): string {
  return relative(ROOT, normalize(join(ROOT, dirname(source.path), specifier)));
}

test("every import goes down, or stays in its folder", () => {
  const wrong: string[] = [];
  for (const source of sources) {
    const from = layerOf(source.path);
    for (const specifier of source.imports.filter((name) => name.startsWith("."))) {
      const target = targetOf(source, specifier);
      const to = layerOf(target);
      if (to === from || target === "package.json") continue;
      // The documentation is embedded, as text.
      if (target.endsWith(".md") && source.path === "tools/docs.ts") continue;
      const down = LEAVES.has(to)
        ? !LEAVES.has(from)
        : ORDER.includes(from) && ORDER.indexOf(to) > ORDER.indexOf(from);
      if (!down) wrong.push(`${source.path} -> ${target}`);
    }
  }
  assertEquals(wrong, []);
});

test("no file imports itself by a detour", () => {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      source.imports.filter((name) => name.startsWith("."))
        // A type has no place at run time, so a cycle of types alone cannot break anything.
        .filter((name) => !isTypeOnly(source, name)).map((name) => targetOf(source, name)),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    assert(!trail.includes(path), `${[...trail, path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
});

function isTypeOnly(source: Source, specifier: string): boolean {
  const uses = source.text.split("\n").join(" ").split(/(?=\bimport\b|\bexport\b)/)
    .filter((statement) => statement.includes(`"${specifier}"`));
  return uses.every((statement) => /^(import|export) type\b/.test(statement));
}

test("each library has one place that names it", () => {
  const wrong: string[] = [];
  for (const source of sources) {
    for (const specifier of source.imports) {
      for (const [library, place] of SEAMS) {
        if (library.test(specifier) && !place.test(source.path)) {
          wrong.push(`${source.path} names ${specifier}`);
        }
      }
      if (TEST_ONLY.test(specifier)) wrong.push(`${source.path} names ${specifier}`);
    }
  }
  assertEquals(wrong, []);
});

test("a database driver is loaded for its own kind of store alone", () => {
  const eager = sources.filter((source) =>
    ["store/sql/postgres.ts", "store/sql/sqlite.ts"].some((driver) =>
      new RegExp(`^import (?!type).*"[./]*/?${driver.split("/").at(-1)!.replace(".", "[.]")}"`, "m")
        .test(source.text)
    )
  ).map(({ path }) => path);
  assertEquals(eager, []);
});

test("only http/listen.ts names a runtime", () => {
  const code = (text: string) =>
    text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "").replace(/"[^"\n]*"/g, '""');
  const naming = sources.filter((source) => /\b(Deno|Bun)\s*[.)]/.test(code(source.text)))
    .map((source) => source.path);
  assertEquals(naming, ["http/listen.ts"]);
});

test("every file says in its first line what it is for", () => {
  const silent = sources.filter((source) => !/^\/\*\*\s/.test(source.text)).map(({ path }) => path);
  assertEquals(silent, []);
});

test("no file has grown past 300 lines", () => {
  const long = sources.map(({ path, text }) => ({ path, lines: text.split("\n").length }))
    .filter(({ lines }) => lines > 301);
  assertEquals(long, []);
});
