import { chromium } from "playwright-core";
import { createServer } from "node:http";
import { createScopePolicy } from "../../../auth/scopes.ts";
import { createRegistry } from "../../../tools/registry.ts";
import * as mod from "../../../tools/mod.ts";
import { renderHome } from "../../../http/pages/home.ts";
const policy = createScopePolicy();
const defs = Object.values(mod).find(Array.isArray) as never;
const registry = createRegistry(defs, policy);
const page = renderHome({
  name: "gatehouse",
  version: "0.1.0",
  resource: "http://localhost:8000/mcp",
  origin: "http://localhost:8000",
  issuers: ["http://localhost:8001"],
  embedded: true,
  tools: registry.tools,
  policy,
});
const s = createServer((q, r) => {
  if (q.url === "/") r.writeHead(200, page.headers).end(page.body);
  else {
    console.log("REQ", q.url);
    r.writeHead(404).end();
  }
});
await new Promise<void>((f) => s.listen(0, "127.0.0.1", f));
const url = `http://127.0.0.1:${(s.address() as { port: number }).port}/`;
const b = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--headless", "--disable-gpu"],
});
for (const w of [1280, 390]) {
  for (const scheme of ["light", "dark"] as const) {
    const p = await b.newPage({
      viewport: { width: w, height: w === 390 ? 844 : 900 },
      colorScheme: scheme,
    });
    p.on("console", (m) => console.log("console", m.text()));
    p.on("pageerror", (m) => console.log("error", m.message));
    await p.goto(url);
    const o = await p.evaluate(
      "[document.documentElement.scrollWidth, innerWidth, document.documentElement.scrollHeight]",
    );
    console.log(w, scheme, o);
    const h = (o as number[])[2];
    await p.locator("details").first().evaluate((d) => (d as any).open = true);
    for (let i = 0, y = 0; y < h && i < 12; i++, y += 1400) {
      if (scheme === "dark" && i > 1 && w === 390) break;
      await p.screenshot({
        path: `/tmp/page/shot/${w}-${scheme}-${i}.png`,
        fullPage: true,
        clip: { x: 0, y, width: w, height: Math.min(1400, h - y) },
      });
    }
    await p.screenshot({ path: `/tmp/page/${w}-${scheme}.png`, fullPage: true });
    await p.close();
  }
}
await b.close();
s.close();
