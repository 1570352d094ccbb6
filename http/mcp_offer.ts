/** Serves resources, prompts and completions on a server of the SDK. */

import type { Server, ServerContext } from "@modelcontextprotocol/server";
import { toAppError } from "../errors.ts";
import { writePrompt } from "../prompts/get.ts";
import type { Prompt } from "../prompts/registry.ts";
import { complete } from "../resources/complete.ts";
import type { Caller } from "../resources/guard.ts";
import { listResources, securityOf } from "../resources/listing.ts";
import { readResource } from "../resources/read.ts";
import type { Resource } from "../resources/registry.ts";
import type { Call } from "./mcp_dispatcher.ts";
import { invalidParams, readFailure } from "./mcp_errors.ts";
import { completableOf } from "./offer.ts";
import type { Offer } from "./offer.ts";
import { failureOf } from "./tool_views.ts";

export interface OfferOptions {
  readonly offer: Offer;
  /** Whether a list shows to this caller what needs these scopes. */
  readonly shows: (scopes: readonly string[]) => boolean;
  readonly onUnexpected: (error: unknown, requestId: string) => void;
}

/** Sets the handlers for one message; nothing of one caller is left for the next (R87). */
export function serveOffer(server: Server, call: Call, options: OfferOptions): void {
  const { exchange } = call;
  const { offer, shows } = options;
  const { resources, prompts } = offer;

  async function answer<Result extends object>(
    context: ServerContext,
    work: (caller: Caller) => Promise<Result>,
    uri?: string,
  ): Promise<Result> {
    const { principal } = call;
    const { signal } = context.mcpReq;
    const live = exchange.live?.signal;
    try {
      const result = await work({
        principal,
        signal: live ? AbortSignal.any([signal, live]) : signal,
      });
      const bytes = JSON.stringify(result).length;
      exchange.result = { decision: "allow", reason: "ok", isError: false, bytes };
      return result;
    } catch (thrown) {
      const error = toAppError(thrown);
      exchange.result = failureOf(error);
      if (error.code === "internal") options.onUnexpected(error.cause ?? error, exchange.id);
      throw readFailure(error, exchange, uri);
    }
  }

  server.setRequestHandler(
    "resources/list",
    ({ params }, context) =>
      answer(context, (caller) => {
        const visible = ({ scopes }: Resource) => shows(scopes);
        return listResources(resources, visible, params?.cursor, caller, offer);
      }) as never,
  );
  server.setRequestHandler("resources/templates/list", ({ params }) => {
    if (params?.cursor !== undefined) throw onePage(call);
    const visible = resources.all.filter(({ variables, scopes }) =>
      variables.length > 0 && shows(scopes)
    );
    return { resourceTemplates: visible.map(templateEntry) };
  });
  server.setRequestHandler(
    "resources/read",
    ({ params: { uri } }, context) =>
      answer(
        context,
        async (caller) => ({
          contents: [{ ...await readResource(resources, uri, caller, offer) }],
        }),
        // What is not of our form is a stranger's text, and not said back.
        resources.find(uri) && uri,
      ),
  );
  server.setRequestHandler("prompts/list", ({ params }) => {
    if (params?.cursor !== undefined) throw onePage(call);
    return { prompts: prompts.all.filter(({ scopes }) => shows(scopes)).map(promptEntry) };
  });
  server.setRequestHandler(
    "prompts/get",
    ({ params }, context) =>
      answer(context, async (caller) => {
        const { name, arguments: input } = params;
        const { description, text } = await writePrompt(prompts, name, input, caller, offer);
        const content = { type: "text" as const, text };
        return { description, messages: [{ role: "user" as const, content }] };
      }),
  );
  server.setRequestHandler("completion/complete", ({ params }, context) => {
    const { ref, argument, context: known } = params;
    const target = completableOf(offer, ref);
    if (target === undefined) {
      exchange.result = { decision: "deny", reason: "unknown_reference", isError: true };
      throw invalidParams(exchange, "Unknown prompt or resource template");
    }
    return answer(context, async (caller) => {
      const found = await complete(target, argument, known?.arguments ?? {}, caller, offer);
      return { completion: { values: [...found.values], hasMore: found.hasMore } };
    });
  });
}

function templateEntry({ address, name, title, description, mimeType, scopes }: Resource) {
  const _meta = securityOf(scopes);
  return { uriTemplate: address, name, title, description, mimeType, _meta };
}

function promptEntry({ name, title, description, arguments: declared, scopes }: Prompt) {
  return {
    name,
    title,
    description,
    arguments: declared.map((argument) => ({ ...argument })),
    _meta: securityOf(scopes),
  };
}

function onePage({ exchange }: Call) {
  return invalidParams(exchange, "The list has one page; call again without a cursor");
}
