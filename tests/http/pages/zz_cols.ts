import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";
const b = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--headless", "--disable-gpu"],
});
for (const [k, from, n] of [["light", 1, 4], ["light", 5, 4], ["light", 9, 2]] as const) {
  const p = await b.newPage({ viewport: { width: n * 400, height: 1400 } });
  await p.setContent(
    `<body style="margin:0;background:#888;display:flex;gap:10px;align-items:start">` +
      Array.from(
        { length: n },
        (_, i) =>
          `<img width=390 src="data:image/png;base64,${
            readFileSync(`/tmp/page/shot/390-${k}-${from + i}.png`).toString("base64")
          }">`,
      ).join(""),
  );
  await p.screenshot({ path: `/tmp/page/shot/m-${from}.png` });
}
await b.close();
