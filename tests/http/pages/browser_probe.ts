/** What runs inside the browser to look at the page; text, because the rest of the tree has no DOM types. */

/** The result of `FINDINGS`; every list is empty on a sound page but `headings`. */
export interface Findings {
  /** Directives of the Content-Security-Policy that something ran into. */
  readonly violations: readonly string[];
  readonly hacked: boolean;
  /** Pixels by which the page is wider than the window. */
  readonly overflow: number;
  /** Elements that stick out of the window without scrolling inside themselves. */
  readonly outside: readonly string[];
  /** Text below the 4.5:1 of WCAG 2.2 section 1.4.3. */
  readonly lowContrast: readonly string[];
  readonly duplicateIds: readonly string[];
  readonly deadLinks: readonly string[];
  readonly landmarks: { readonly header: number; readonly main: number; readonly footer: number };
  readonly headings: readonly number[];
  /** Whether the ground is darker than the text. */
  readonly dark: boolean;
}

/** Runs before the page does. */
export const PROBE = `
  globalThis.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    violations.push(event.effectiveDirective + " " + event.blockedURI);
  });
`;

/** An expression that measures the page. */
export const FINDINGS = `(() => {
  const all = [...document.body.querySelectorAll("*")];
  const shown = all.filter((it) => it.checkVisibility() && !it.closest(".unseen, svg, script"));
  const name = (it) => it.tagName + (it.id ? "#" + it.id : "") + " " + it.textContent.trim().slice(0, 40);

  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  function channels(colour) {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  }
  function luminance(colour) {
    const [r, g, b] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function groundOf(it) {
    const ground = getComputedStyle(it).backgroundColor;
    return channels(ground)[3] === 0 && it.parentElement ? groundOf(it.parentElement) : ground;
  }
  function contrast(it) {
    const [low, high] = [luminance(getComputedStyle(it).color), luminance(groundOf(it))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  const hasText = (it) => [...it.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
  const ids = all.map((it) => it.id).filter((id) => id !== "");
  const anchors = [...document.querySelectorAll('a[href^="#"]')];
  const body = getComputedStyle(document.body);
  return {
    violations,
    hacked: "hacked" in globalThis,
    overflow: document.documentElement.scrollWidth - innerWidth,
    outside: shown.filter((it) => !it.closest("pre") && it.getBoundingClientRect().right > innerWidth).map(name),
    lowContrast: shown.filter((it) => hasText(it) && contrast(it) < 4.5).map(name),
    duplicateIds: ids.filter((id, index) => ids.indexOf(id) !== index),
    deadLinks: anchors.map((it) => decodeURIComponent(it.hash.slice(1))).filter((id) => !ids.includes(id)),
    landmarks: {
      header: document.querySelectorAll("body > header").length,
      main: document.querySelectorAll("main").length,
      footer: document.querySelectorAll("body > footer").length,
    },
    headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((it) => Number(it.tagName[1])),
    dark: luminance(body.backgroundColor) < luminance(body.color),
  };
})()`;
