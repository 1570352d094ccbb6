import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { needsNode, runChild, withDirectory } from "./child.ts";
import { decisionsOn, withIssuer } from "./scene.ts";

// deno-lint-ignore no-explicit-any -- the answers of many methods, which the tests spell out
type Output = any;

interface Answer {
  readonly code: number | null;
  /** The JSON on stdout; undefined where there is none. */
  readonly out: Output;
  /** The JSON on stderr; undefined where there is none. */
  readonly err: Output;
}

interface Inspection {
  readonly url: string;
  readonly era: "legacy" | "modern";
  readonly token?: string;
}

/** Runs the Inspector's command line once, never with a browser. */
async function inspect({ url, era, token }: Inspection, ...args: string[]): Promise<Answer> {
  let finished = { code: null as number | null, stdout: "", stderr: "" };
  await withDirectory(async (home) => {
    finished = await runChild({
      script: "@modelcontextprotocol/inspector/clients/launcher/build/index.js",
      home,
      args: [
        ...["--cli", "--server-url", url, "--transport", "http", "--protocol-era", era],
        ...["--format", "json", "--quiet", "--stored-auth-only"],
        ...(token === undefined ? [] : ["--header", `Authorization: Bearer ${token}`]),
        ...args,
      ],
    });
  });
  const { code, stdout, stderr } = finished;
  return { code, out: parse(stdout), err: parse(stderr) };
}

function parse(text: string): Output {
  return text.trim() === "" ? undefined : JSON.parse(text);
}

function callOf(tool: string, input: Record<string, unknown>): string[] {
  const json = JSON.stringify(input);
  return ["--method", "tools/call", "--tool-name", tool, "--tool-args-json", json];
}

for (const era of ["legacy", "modern"] as const) {
  test(
    `inspector (${era}): finds no fault in the tool schemas, and calls a tool`,
    needsNode,
    () =>
      withIssuer(async ({ url, server, issuer }) => {
        const caller = { url, era, token: await issuer.token() };
        const [list, call] = await Promise.all([
          inspect(caller, "--method", "tools/list", "--strict"),
          inspect(caller, ...callOf("list_environments", { pageSize: 1 })),
        ]);
        assertEquals([list.code, list.err], [0, undefined]);
        assertEquals(
          list.out.result.tools.map(({ name }: { name: string }) => name),
          server.app.registry.tools.map(({ name }) => name),
        );
        assertEquals([call.code, call.err], [0, undefined]);
        const { environments, totalSize } = call.out.result.structuredContent;
        assertEquals([environments.length, totalSize], [1, 2]);
        const eras = server.lines.filter(({ properties }) =>
          properties["rpcMethod"] === "tools/call"
        )
          .map(({ properties }) => properties["era"]);
        assertEquals(eras, [era]);
      }),
  );

  test(
    `inspector (${era}): lists and reads resources, and has a prompt written`,
    needsNode,
    () =>
      withIssuer(async ({ url, issuer }) => {
        const token = await issuer.token({ claims: { scope: "env:read org:write wks:read" } });
        const caller = { url, era, token };
        const { out: list } = await inspect(caller, "--method", "resources/list");
        const { uri } = list.result.resources.find(({ title }: Output) => title === "Development");
        const environmentId = uri.slice("environment://".length);
        const input = [`environmentId=${environmentId}`, "displayName=Acme"];
        const named = ["--prompt-name", "onboard_customer", "--prompt-args", ...input];
        const [read, prompt, prompts, templates] = await Promise.all([
          inspect(caller, "--method", "resources/read", "--uri", uri),
          inspect(caller, "--method", "prompts/get", ...named),
          inspect(caller, "--method", "prompts/list"),
          inspect(caller, "--method", "resources/templates/list"),
        ]);
        assertEquals([read.code, read.err], [0, undefined]);
        assertEquals(JSON.parse(read.out.result.contents[0].text).displayName, "Development");
        assertStringIncludes(prompt.out.result.messages[0].content.text, 'customer "Acme"');
        assertEquals(prompts.out.result.prompts.length, 3);
        assertEquals(templates.out.result.resourceTemplates.length, 4);
      }),
  );

  test(
    `inspector (${era}): shows the refusal of a tool`,
    needsNode,
    () =>
      withIssuer(async ({ url, issuer }) => {
        const caller = { url, era, token: await issuer.token() };
        const input = { environmentId: "env_0" };
        const { code, out, err } = await inspect(
          caller,
          ...callOf("get_environment_details", input),
        );
        assertEquals([code, err.error.code], [5, "tool_is_error"]);
        assertEquals(JSON.parse(out.result.content[0].text).error.code, "not_found");
      }),
  );

  test(
    `inspector (${era}): says which scope a call needs`,
    needsNode,
    () =>
      withIssuer(async ({ url, server, issuer }) => {
        const caller = { url, era, token: await issuer.token() };
        const input = { environmentId: "env_0", displayName: "Nope" };
        const { code, out, err } = await inspect(caller, ...callOf("create_organization", input));
        assertEquals([code, out], [1, undefined]);
        assertStringIncludes(err.error.message, 'Insufficient scope: required "org:write"');
        assertEquals(decisionsOn(server, "create_organization"), ["403 insufficient_scope"]);
      }),
  );

  test(
    `inspector (${era}): asks for a login without a token and with a bad one`,
    needsNode,
    () =>
      withIssuer(async ({ url }) => {
        const answers = await Promise.all([
          inspect({ url, era }, "--method", "tools/list"),
          inspect({ url, era, token: "none.of.ours" }, "--method", "tools/list"),
        ]);
        for (const { code, out, err } of answers) {
          assertEquals([code, out, err.error.code], [3, undefined, "auth_required"]);
        }
      }),
  );
}
