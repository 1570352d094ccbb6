/** Looks at the page at `/` in a real browser: both widths, both colour schemes, keyboard, clipboard, no script. */

import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { chromium } from "playwright-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { renderHome } from "../../../http/pages/home.ts";
import { FINDINGS, PROBE } from "./browser_probe.ts";
import type { Findings } from "./browser_probe.ts";
import { sampleInput } from "./sample.ts";

const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const skip = existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM}; set CHROMIUM_PATH`;
// Neither runtime prints the reason of a skipped test.
if (skip) console.warn(`Skipping the browser tests: ${skip}`);

const ARGUMENTS = [
  "--no-sandbox",
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What the browser did while it showed the page. */
interface Visit {
  readonly page: Page;
  readonly url: string;
  readonly requests: readonly string[];
  /** Console errors and warnings, uncaught errors. */
  readonly complaints: readonly string[];
}

/** Serves the page, opens it and closes everything again. */
async function visit(
  options: BrowserContextOptions,
  look: (visit: Visit) => Promise<void>,
  prepare = "",
): Promise<void> {
  const { body, headers } = renderHome(sampleInput());
  const server = createServer((request, response) => {
    if (request.url === "/") response.writeHead(200, headers).end(body);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  try {
    const context = await browser.newContext(options);
    if (options.permissions) await context.grantPermissions(options.permissions, { origin: url });
    await context.addInitScript(PROBE + prepare);
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        complaints.push(message.text());
      }
    });
    await page.goto(url);
    await look({ page, url, requests, complaints });
  } finally {
    await browser.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
}

for (const width of [1280, 390]) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(
      `the page is sound at ${width} pixels in the ${colorScheme} scheme`,
      { skip },
      () =>
        visit({ viewport: { width, height: 900 }, colorScheme }, async (visit) => {
          const { page, url, requests, complaints } = visit;
          await page.evaluate(
            "document.querySelectorAll('details').forEach((it) => it.open = true)",
          );
          const findings = await page.evaluate<Findings>(FINDINGS);
          assertEquals(findings.violations, []);
          assertEquals(findings.hacked, false);
          assertEquals(findings.overflow, 0, `content is wider than ${width} pixels`);
          assertEquals(findings.outside, []);
          assertEquals(findings.lowContrast, []);
          assertEquals(findings.duplicateIds, []);
          assertEquals(findings.deadLinks, []);
          assertEquals(findings.landmarks, { header: 1, main: 1, footer: 1 });
          assertHeadingOrder(findings.headings);
          assertEquals(findings.dark, colorScheme === "dark");
          assertEquals(requests.filter((request) => !request.startsWith("data:")), [url]);
          assertEquals(complaints, []);
        }),
    );
  }
}

function assertHeadingOrder(levels: readonly number[]): void {
  assertEquals(levels.filter((level) => level === 1), [1]);
  assertEquals(levels[0], 1);
  for (const [index, level] of levels.entries()) {
    assert(level <= (levels[index - 1] ?? 0) + 1, `heading ${index} skips to level ${level}`);
  }
}

test(
  "the copy button puts the code on the clipboard and says so",
  { skip },
  () =>
    visit({ permissions: ["clipboard-read", "clipboard-write"] }, async ({ page, complaints }) => {
      const button = page.locator("#claude-desktop button");
      await button.click();
      await page.locator("#claude-desktop button[data-state=done]").waitFor();
      assertEquals(await button.locator("span").first().textContent(), "Copied");
      assertEquals(await page.getByRole("status").textContent(), "Copied to the clipboard");
      assertEquals(
        await page.evaluate("navigator.clipboard.readText()"),
        await page.locator("#claude-desktop-code").textContent(),
      );
      assertEquals(complaints, []);
    }),
);

test(
  "the copy button works where the browser keeps the clipboard from scripts",
  { skip },
  () =>
    visit(
      {},
      async ({ page, complaints }) => {
        await page.locator("#curl button").click();
        await page.locator("#curl button[data-state]").waitFor();
        assertEquals(
          await page.evaluate("getSelection().toString()"),
          await page.locator("#curl-code").textContent(),
        );
        assertEquals(complaints, []);
      },
      "Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined });",
    ),
);

test("the page is usable with the keyboard alone", { skip }, () =>
  visit({}, async ({ page }) => {
    await page.keyboard.press("Tab");
    assertEquals(await page.evaluate("document.activeElement.textContent"), "Connect");
    assertEquals(
      await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"),
      "solid",
    );
    const details = page.locator("#tool-say_hello details").first();
    await details.locator("summary").focus();
    await page.keyboard.press("Enter");
    assert(await details.locator("pre").isVisible());
    await page.keyboard.press("Tab");
    assertEquals(await page.evaluate("document.activeElement.tagName"), "PRE");
  }));

test(
  "the page lacks nothing but the copy buttons where scripts are off",
  { skip },
  () =>
    visit({ javaScriptEnabled: false }, async ({ page }) => {
      assertEquals(await page.locator("button:visible").count(), 0);
      assert(await page.locator("#claude-desktop-code").isVisible());
      const details = page.locator("#tool-say_hello details").first();
      assert(!await details.locator("pre").isVisible());
      await details.locator("summary").click();
      assert(await details.locator("pre").isVisible());
    }),
);
