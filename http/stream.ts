/** Watches a streamed answer: it ends with the token that opened it, and its end is reported once. */

/**
 * Returns the response with a body that is cancelled at `endsAt` (milliseconds since the epoch).
 *
 * Cancelling reaches the handler as an abort, as it does when the client goes away.
 */
export function superviseStream(
  response: Response,
  options: { endsAt: number; now: () => Date; onEnd: () => void },
): Response {
  const reader = response.body?.getReader();
  if (reader === undefined) {
    options.onEnd();
    return response;
  }
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    options.onEnd();
  };
  let close: () => void = () => {};
  const timer = setTimeout(() => {
    if (ended) return;
    close();
    void reader.cancel("the access token expired").catch(() => {});
    end();
  }, Math.min(Math.max(0, options.endsAt - options.now().getTime()), 2 ** 31 - 1));
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
      end();
      await reader.cancel(reason);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
