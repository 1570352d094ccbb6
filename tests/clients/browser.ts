/** A person's browser without a window: goes where it is sent, keeps cookies by their path, and presses one button. */

/** What a page says and where it is. */
export interface Visit {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
}

export interface Browser {
  /** Opens an address and follows redirects to the page behind them. */
  open(url: string): Promise<Visit>;
  /** Sends the form of a page with the button of that value, and goes where that leads. */
  press(page: Visit, button: string): Promise<Visit>;
}

interface Cookie {
  readonly value: string;
  readonly path: string;
}

const MAX_REDIRECTS = 10;

export function openBrowser(): Browser {
  const jars = new Map<string, Map<string, Cookie>>();

  async function go(start: URL, init: RequestInit): Promise<Visit> {
    let [url, request] = [start, init];
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const headers = new Headers(request.headers);
      const cookies = cookiesFor(url);
      if (cookies !== "") headers.set("cookie", cookies);
      const response = await fetch(url, { ...request, headers, redirect: "manual" });
      keepCookies(url, response.headers.getSetCookie());
      const location = response.headers.get("location");
      const text = await response.text();
      if (location === null) return { url, status: response.status, text };
      [url, request] = [new URL(location, url), {}];
    }
    throw new Error(`Too many redirects, the last one to ${url.origin}${url.pathname}`);
  }

  function cookiesFor(url: URL): string {
    return [...jars.get(url.hostname) ?? []]
      .filter(([, { path }]) => url.pathname === path || url.pathname.startsWith(withSlash(path)))
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
  }

  function keepCookies(url: URL, lines: readonly string[]): void {
    const jar = jars.get(url.hostname) ?? new Map<string, Cookie>();
    jars.set(url.hostname, jar);
    for (const line of lines) {
      const [pair = "", ...attributes] = line.split(/;\s*/);
      const [name = "", ...value] = pair.split("=");
      const path = attributes.find((text) => /^path=/i.test(text))?.slice("path=".length) ?? "/";
      const expires = attributes.find((text) => /^expires=/i.test(text))?.slice("expires=".length);
      if (expires !== undefined && Date.parse(expires) < Date.now()) jar.delete(name);
      else jar.set(name, { value: value.join("="), path });
    }
  }

  return {
    open: (url) => go(new URL(url), {}),
    press(page, button) {
      const action = /<form method="post" action="([^"]+)"/.exec(page.text)?.[1];
      if (action === undefined) throw new Error(`No form on the page:\n${page.text}`);
      if (!page.text.includes(`value="${button}"`)) throw new Error(`No button ${button}`);
      const hidden = page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]+)"/g);
      const fields = [...hidden].map((
        [, name = "", value = ""],
      ): [string, string] => [name, value]);
      return go(new URL(action, page.url), {
        method: "POST",
        headers: { "origin": page.url.origin },
        body: new URLSearchParams([...fields, ["decision", button]]),
      });
    },
  };
}

function withSlash(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}
