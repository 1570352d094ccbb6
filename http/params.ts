/** What the params of a message must be before the protocol implementation sees them, whose refusals are not in our words. */

type Params = Readonly<Record<string, unknown>>;

const PREFIX = "io.modelcontextprotocol/";
const MAX_PROGRESS_TOKEN_LENGTH = 256;

/**
 * Says for the caller what is wrong with the params; undefined where nothing is.
 *
 * A request of 2026-07-28 is `enveloped`: its `_meta` names the revision and the capabilities of the client.
 */
export function faultOfParams(
  method: string,
  params: Params,
  enveloped: boolean,
): string | undefined {
  return faultOfMeta(params["_meta"], enveloped) ?? faultOfMethod(method, params, enveloped);
}

function faultOfMeta(meta: unknown, enveloped: boolean): string | undefined {
  if (meta === undefined && !enveloped) return undefined;
  if (!isObject(meta)) return "_meta must be an object";
  const token = meta["progressToken"];
  if (token !== undefined && !isProgressToken(token)) {
    return `_meta.progressToken must be a string of at most ${MAX_PROGRESS_TOKEN_LENGTH} ` +
      "characters or a safe integer";
  }
  if (!enveloped) return undefined;
  if (typeof meta[`${PREFIX}protocolVersion`] !== "string") {
    return `_meta must name the revision in ${PREFIX}protocolVersion`;
  }
  if (!isObject(meta[`${PREFIX}clientCapabilities`])) {
    return `_meta must hold an object in ${PREFIX}clientCapabilities`;
  }
  const client = meta[`${PREFIX}clientInfo`];
  return client === undefined || isImplementation(client)
    ? undefined
    : `_meta must hold a name and a version in ${PREFIX}clientInfo`;
}

function faultOfMethod(method: string, params: Params, enveloped: boolean): string | undefined {
  switch (method) {
    case "tools/list":
    case "prompts/list":
    case "resources/list":
    case "resources/templates/list": {
      const { cursor } = params;
      return cursor === undefined || typeof cursor === "string"
        ? undefined
        : "cursor must be a string";
    }
    case "resources/read":
      return typeof params["uri"] === "string" ? undefined : "uri must be a string";
    case "prompts/get": {
      const { name, arguments: input } = params;
      if (typeof name !== "string") return "name must be a string";
      return input === undefined || isTexts(input)
        ? undefined
        : "arguments must be an object of strings";
    }
    case "completion/complete":
      return faultOfCompletion(params);
    case "subscriptions/listen":
      return enveloped ? faultOfFilter(params["notifications"]) : undefined;
    case "tools/call": {
      const { name, arguments: input } = params;
      if (typeof name !== "string") return "name must be a string";
      return input === undefined || isObject(input) ? undefined : "arguments must be an object";
    }
    case "initialize": {
      // There is no such method in 2026-07-28, which is for the protocol to say.
      if (enveloped) return undefined;
      const { protocolVersion, capabilities, clientInfo } = params;
      return typeof protocolVersion === "string" && isObject(capabilities) &&
          isImplementation(clientInfo)
        ? undefined
        : "initialize needs protocolVersion, capabilities and clientInfo";
    }
    default:
      return undefined;
  }
}

function faultOfCompletion({ ref, argument, context }: Params): string | undefined {
  const known = isObject(ref) && (
    (ref["type"] === "ref/prompt" && typeof ref["name"] === "string") ||
    (ref["type"] === "ref/resource" && typeof ref["uri"] === "string")
  );
  if (!known) return "ref must name a prompt or a resource template";
  if (
    !isObject(argument) || typeof argument["name"] !== "string" ||
    typeof argument["value"] !== "string"
  ) {
    return "argument must hold a name and a value";
  }
  if (context === undefined) return undefined;
  const given = isObject(context) ? context["arguments"] : null;
  return given === undefined || isTexts(given)
    ? undefined
    : "context.arguments must be an object of strings";
}

const FLAGS = ["toolsListChanged", "promptsListChanged", "resourcesListChanged"];
/** Each change is compared with all of them, and a record names them. */
const MAX_SUBSCRIBED = 50;

function faultOfFilter(filter: unknown): string | undefined {
  if (!isObject(filter)) return "notifications must say what to listen for";
  for (const flag of FLAGS) {
    const value = filter[flag];
    if (value !== undefined && typeof value !== "boolean") return `${flag} must be true or false`;
  }
  const uris = filter["resourceSubscriptions"];
  return uris === undefined || isShortList(uris)
    ? undefined
    : `resourceSubscriptions must be a list of at most ${MAX_SUBSCRIBED} URIs`;
}

function isShortList(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MAX_SUBSCRIBED &&
    value.every((uri) => typeof uri === "string");
}

function isTexts(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((text) => typeof text === "string");
}

function isProgressToken(token: unknown): boolean {
  return typeof token === "string"
    ? token.length <= MAX_PROGRESS_TOKEN_LENGTH
    : Number.isSafeInteger(token);
}

function isImplementation(value: unknown): boolean {
  return isObject(value) && typeof value["name"] === "string" &&
    typeof value["version"] === "string";
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
