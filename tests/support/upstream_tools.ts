/** Tools that call upstreams, for tests of what leaves the server and what a handler can get hold of. */

import { z } from "zod";
import { defineTool } from "../../tools/registry.ts";
import type { AnyToolDefinition, ToolContext } from "../../tools/registry.ts";

const common = {
  title: "Probe",
  description: "A probe for tests of upstream calls; it calls what its arguments say.",
  effect: "read",
  scopes: ["org:read"],
  output: z.object({ value: z.unknown() }),
} as const;

/** Gets the context and `this` of a handler, to look around in. */
export type Look = (seen: readonly unknown[], context: ToolContext) => Promise<unknown>;

/** `relay` calls an upstream with a path, `stranger` one that it does not declare, `look` does what a test wants. */
export function upstreamTools(look: Look = () => Promise.resolve({})): AnyToolDefinition[] {
  return [
    defineTool({
      ...common,
      name: "relay",
      egress: ["open", "own", "delegated", "absent"],
      input: z.strictObject({ to: z.string(), path: z.string() }),
      async handle({ to, path }, { upstream }) {
        return { value: await upstream(to).json(path) };
      },
    }),
    defineTool({
      ...common,
      name: "stranger",
      input: z.strictObject({}),
      async handle(_, { upstream }) {
        return { value: await upstream("open").json("/x") };
      },
    }),
    defineTool({
      ...common,
      name: "look",
      egress: ["open", "own", "delegated"],
      input: z.strictObject({}),
      async handle(this: unknown, ...given) {
        return { value: await look([this, ...given], given[1]) };
      },
    }),
  ];
}
