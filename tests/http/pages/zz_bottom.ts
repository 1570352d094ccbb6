import { chromium } from "playwright-core";
import { createServer } from "node:http";
import { createScopePolicy } from "../../../auth/scopes.ts";
import { createRegistry } from "../../../tools/registry.ts";
import { tools } from "../../../tools/mod.ts";
import { renderHome } from "../../../http/pages/home.ts";
const policy = createScopePolicy();
const registry = createRegistry(tools, policy);
const page = renderHome({ name: "gatehouse", version: "0.1.0", resource: "http://localhost:8000/mcp", origin: "http://localhost:8000", issuers: ["http://localhost:8001"], embedded: true, tools: registry.tools, policy });
const strict = { ...page.headers, "content-security-policy": page.headers["content-security-policy"]!.replace("img-src data:; ", "") };
const s = createServer((q, r) => { if (q.url === "/") r.writeHead(200, page.headers).end(page.body); else if (q.url === "/strict") r.writeHead(200, strict).end(page.body); else if (q.url === "/noicon") r.writeHead(200, strict).end(page.body.replace(/<link rel="icon"[^>]*>/, ""));else { console.log("REQ", q.url); r.writeHead(404).end(); } });
await new Promise<void>((f) => s.listen(0, "127.0.0.1", f));
const url = `http://127.0.0.1:${(s.address() as { port: number }).port}/`;
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--headless", "--disable-gpu"] });
for (const path of ["", "strict", "noicon"]) {
  const p = await b.newPage();
  p.on("console", (m) => console.log(path, "console", m.text()));
  await p.goto(url + path); await p.waitForTimeout(700); await p.close();
}
const p = await b.newPage({ viewport: { width: 1280, height: 1100 } });
await p.goto(url + "#refusals"); await p.waitForTimeout(100);
await p.screenshot({ path: "/tmp/page/shot/bottom.png" });
await p.goto(url + "#tool-list_organizations"); 
await p.locator("#tool-list_organizations summary").first().focus(); await p.keyboard.press("Tab"); await p.keyboard.press("Shift+Tab"); await p.waitForTimeout(100);
await p.screenshot({ path: "/tmp/page/shot/mid.png" });
const q = await b.newPage({ viewport: { width: 390, height: 1400 } });
await q.goto(url + "#refusals"); await q.waitForTimeout(100);
await q.screenshot({ path: "/tmp/page/shot/bottom-m.png" });
await b.close(); s.close();
