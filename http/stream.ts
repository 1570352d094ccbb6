/** Watches a streamed answer: it ends with the access that opened it, and its end is reported once. */

/** What ended a stream before its work was done: its reader hung up or left too much unread, or its token expired. */
export type Cut = "client_gone" | "not_read" | "token_expired";

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
    /** Bytes; where more than these wait to be read the stream ends. What feeds it holds back where this is absent. */
    mostWaiting?: number | undefined;
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
  const { mostWaiting } = options;

  /** Passes one piece on; false where there is none any more. */
  async function pass(controller: ReadableStreamDefaultController<Uint8Array>): Promise<boolean> {
    try {
      const { done, value } = await reader!.read();
      if (ended) return false;
      if (!done) {
        controller.enqueue(value);
        return true;
      }
      controller.close();
    } catch (error) {
      if (ended) return false;
      controller.error(error);
    }
    end();
    return false;
  }

  /** Takes what comes as it comes: its source would keep what is not taken, without a bound. */
  async function pump(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (await pass(controller)) {
      if (controller.desiredSize! < 0) return stop("the stream is not read", "not_read");
    }
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        close = () => controller.close();
        if (mostWaiting !== undefined) void pump(controller);
      },
      ...(mostWaiting === undefined && {
        async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
          await pass(controller);
        },
      }),
      async cancel(reason) {
        end("client_gone");
        await reader.cancel(reason);
      },
    },
    mostWaiting === undefined
      ? undefined
      : new ByteLengthQueuingStrategy({ highWaterMark: mostWaiting }),
  );
  if (signal?.aborted) onAbort();
  return new Response(body, { status: response.status, headers: response.headers });
}
