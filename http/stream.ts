/** Watches a streamed answer: it ends with the access that opened it, and its end is reported once. */

/** What ended a stream before its work was done: its reader hung up, or its token expired. */
export type Cut = "client_gone" | "token_expired";

/**
 * Returns the response with a body that is cancelled at `endsAt` (milliseconds since the epoch), or when `signal` aborts.
 *
 * Cancelling reaches the handler as an abort, as it does when the client goes away.
 */
export function superviseStream(
  response: Response,
  options: {
    endsAt: number;
    signal?: AbortSignal | undefined;
    now: () => Date;
    onEnd: (cut?: Cut) => void;
  },
): Response {
  const reader = response.body?.getReader();
  if (reader === undefined) {
    options.onEnd();
    return response;
  }
  const { signal } = options;
  let ended = false;
  const end = (cut?: Cut) => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    options.onEnd(cut);
  };
  let close: () => void = () => {};
  const stop = (reason: unknown, cut?: Cut) => {
    if (ended) return;
    close();
    void reader.cancel(reason).catch(() => {});
    end(cut);
  };
  const timer = setTimeout(
    () => stop("the access token expired", "token_expired"),
    Math.min(Math.max(0, options.endsAt - options.now().getTime()), 2 ** 31 - 1),
  );
  const onAbort = () => stop(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      close = () => controller.close();
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (ended) return;
        if (!done) return controller.enqueue(value);
        controller.close();
      } catch (error) {
        if (ended) return;
        controller.error(error);
      }
      end();
    },
    async cancel(reason) {
      end("client_gone");
      await reader.cancel(reason);
    },
  });
  if (signal?.aborted) onAbort();
  return new Response(body, { status: response.status, headers: response.headers });
}
