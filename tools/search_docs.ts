/** Answers questions about this server from its own documentation. */

import { z } from "zod";
import { MAX_FOUND, searchDocs } from "./docs_search.ts";
import { defineTool } from "./registry.ts";
import { line } from "./shapes.ts";

export default defineTool({
  name: "search_docs",
  title: "Search the documentation",
  description:
    "Searches the documentation of this server: how to connect a client, which scopes and tools there are, " +
    "configuration, other authorization servers, revoking access, audit, operations and security. Use it when a person " +
    "asks how this server works or is set up, or when an error is about access and not about your arguments. Give a few " +
    "words, not a sentence. Needs no scope. It knows nothing of the data in the workspace: use the list tools for that. " +
    `Returns up to ${MAX_FOUND} sections, best first, with an excerpt each in Markdown; none if no word occurs.`,
  effect: "read",
  access: "public",
  input: z.strictObject({
    query: line(200)
      .meta({
        description:
          "A few words that the section has, such as names of settings, scopes or errors",
        examples: ["rotate signing keys", "insufficient_scope", "GATEHOUSE_TRUSTED_PROXIES"],
      }),
  }),
  output: z.object({
    sections: z.array(z.object({
      title: z.string().describe("The headings that lead to it"),
      path: z.string().describe("File and heading, such as docs/operations.md#backup"),
      excerpt: z.string().describe("Markdown"),
    })).readonly(),
  }),
  next: ({ sections }) =>
    sections.length > 0 ? undefined : "Nothing has these words: try others, or fewer.",
  handle: ({ query }) => Promise.resolve({ sections: searchDocs(query) }),
});
