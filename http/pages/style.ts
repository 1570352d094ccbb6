/** The one style sheet of the page at `/`; inline, so that the page loads nothing. */

/** Every pair of text and ground meets WCAG AA (4.5:1) in both schemes; a test measures it in a browser. */
const COLOURS = `
:root {
  color-scheme: light dark;
  --ground: #fcfcfb;
  --raised: #f3f4f2;
  --ink: #1a1d1c;
  --quiet: #5a625f;
  --line: #dfe2df;
  --strong-line: #b4bab6;
  --accent: #0b6757;
  --accent-ground: #e3f1ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121514;
    --raised: #1b1f1d;
    --ink: #e6e9e7;
    --quiet: #9ba5a0;
    --line: #2b312e;
    --strong-line: #4b5551;
    --accent: #74d0b6;
    --accent-ground: #16312a;
  }
}
`;

const TEXT = `
*, *::before, *::after { box-sizing: border-box; }
html { scroll-padding-top: 1.5rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto;
  padding: 0 clamp(1.25rem, 4vw, 3rem);
  max-width: 78rem;
  background: var(--ground);
  color: var(--ink);
  font: 1rem/1.6 -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word;
}
code, pre {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  font-size: .875em;
  font-variant-ligatures: none;
}
h1, h2, h3, h4, p, dl, dd, ul, figure, pre { margin: 0; padding: 0; }
h1, h2, h3, h4 { font-weight: 600; line-height: 1.25; text-wrap: balance; }
h1 { font-size: clamp(2.5rem, 7vw, 4rem); letter-spacing: -.035em; line-height: 1; }
h2 { font-size: 1.375rem; letter-spacing: -.015em; }
h3 { font-size: 1.0625rem; }
h4 { font-size: 1rem; }
ul { list-style: none; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .2em; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.quiet { color: var(--quiet); }
.whole { white-space: nowrap; }
.unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
[hidden] { display: none; }
`;

const LAYOUT = `
.top {
  display: flex;
  flex-wrap: wrap;
  justify-content: space-between;
  gap: .5rem 2rem;
  padding: 1.5rem 0;
  font-size: .9375rem;
}
.brand { display: flex; align-items: center; gap: .5rem; }
.mark { color: var(--accent); }
.top nav { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; }
.top nav a { color: var(--ink); text-decoration-color: var(--strong-line); }
.intro { padding: clamp(2.5rem, 8vw, 5.5rem) 0 clamp(3rem, 8vw, 5rem); }
.lead {
  max-width: 40rem;
  margin-top: 1.5rem;
  font-size: 1.1875rem;
  line-height: 1.55;
  text-wrap: pretty;
}
.facts { display: grid; grid-template-columns: 9rem minmax(0, 1fr); margin-top: 2.5rem; }
.facts dt { color: var(--quiet); }
.facts dt, .facts dd { padding: .625rem 0; border-top: 1px solid var(--line); }
.facts dd { min-width: 0; overflow-wrap: anywhere; }
section {
  display: grid;
  grid-template-columns: 14rem minmax(0, 1fr);
  gap: 2rem 4rem;
  padding: clamp(2.5rem, 6vw, 4rem) 0;
  border-top: 1px solid var(--strong-line);
}
.margin p { margin-top: .625rem; color: var(--quiet); font-size: .9375rem; line-height: 1.5; }
.index { margin-top: 1.5rem; font-size: .8125rem; line-height: 1.4; }
.index li { padding: .25rem 0; }
.index a { color: var(--quiet); text-decoration: none; }
.index code { font-size: inherit; }
.index a:hover { color: var(--accent); text-decoration: underline; }
footer {
  padding: 2rem 0 4rem;
  border-top: 1px solid var(--strong-line);
  color: var(--quiet);
  font-size: .875rem;
}
@media (min-width: 56rem) {
  .margin { position: sticky; top: 1.5rem; align-self: start; max-height: calc(100vh - 3rem); overflow-y: auto; }
}
@media (max-width: 55.99rem) {
  section { grid-template-columns: minmax(0, 1fr); }
  .index ul { columns: 13rem; column-gap: 1.5rem; }
  #connect .index ul { columns: 10rem; }
}
@media (max-width: 34rem) {
  .facts { grid-template-columns: minmax(0, 1fr); }
  .facts dt { padding-bottom: 0; }
  .facts dd { padding-top: 0; border-top: 0; }
}
`;

const PARTS = `
.explain { max-width: 38rem; margin: .25rem 0 1.5rem; color: var(--quiet); }
.guide + h3 { margin-top: 3.5rem; }
.guide {
  display: grid;
  grid-template-columns: minmax(0, 15rem) minmax(0, 1fr);
  align-items: start;
  gap: 1rem 2rem;
  padding: 1.25rem 0;
  border-top: 1px solid var(--line);
}
.guide p { margin-top: .25rem; color: var(--quiet); font-size: .9375rem; line-height: 1.5; }
@media (max-width: 70rem) { .guide { grid-template-columns: minmax(0, 1fr); } }
.code {
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--raised);
  overflow: hidden;
}
.code figcaption {
  display: flex;
  justify-content: space-between;
  align-items: center;
  gap: 1rem;
  min-height: 2.5rem;
  padding: .25rem .375rem .25rem .875rem;
  border-bottom: 1px solid var(--line);
  color: var(--quiet);
  font-size: .8125rem;
}
.code figcaption span { min-width: 0; overflow-wrap: anywhere; }
pre { padding: .875rem; font-size: .8125rem; line-height: 1.6; }
pre code { font-size: inherit; }
pre:focus-visible { outline-offset: -2px; }
.scrolls { overflow-x: auto; }
.wraps { white-space: pre-wrap; overflow-wrap: anywhere; }
.copy {
  flex: none;
  min-width: 4.5rem;
  padding: .25rem .625rem;
  border: 1px solid var(--strong-line);
  border-radius: 4px;
  background: var(--ground);
  color: var(--ink);
  font: inherit;
  font-size: .8125rem;
  line-height: 1.4;
  cursor: pointer;
}
.copy:hover { border-color: var(--accent); color: var(--accent); }
.copy[data-state] {
  border-color: var(--accent);
  background: var(--accent-ground);
  color: var(--accent);
}
.facts .copy { margin-left: .5rem; }
.tool { padding: 1.75rem 0; border-top: 1px solid var(--line); }
.tool:first-child { padding-top: 0; border-top: 0; }
.tool header { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .75rem; }
.tool h3 { overflow-wrap: anywhere; }
.tool h3 code { font-size: 1em; }
.title { color: var(--quiet); }
.effect {
  padding: .0625rem .5rem;
  border: 1px solid var(--strong-line);
  border-radius: 99px;
  color: var(--quiet);
  font-size: .75rem;
  line-height: 1.5;
}
.effect.create, .effect.update { border-color: var(--accent); color: var(--accent); }
.effect.delete { border-color: var(--ink); background: var(--ink); color: var(--ground); }
.description { max-width: 44rem; margin-top: .75rem; white-space: pre-line; text-wrap: pretty; }
.needs {
  display: grid;
  gap: .375rem;
  margin: 1rem 0;
  color: var(--quiet);
  font-size: .9375rem;
  line-height: 1.5;
}
.chip {
  display: inline-block;
  margin-right: .375rem;
  padding: 0 .5rem;
  border-radius: 4px;
  background: var(--accent-ground);
  color: var(--accent);
  text-decoration: none;
}
.chip:hover { text-decoration: underline; }
details { font-size: .9375rem; }
summary { padding: .25rem 0; cursor: pointer; overflow-wrap: anywhere; }
summary:hover { color: var(--accent); }
details pre { margin: .375rem 0 .875rem; border-radius: 6px; background: var(--raised); }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; line-height: 1.5; }
th, td {
  padding: .625rem 1.25rem .625rem 0;
  border-bottom: 1px solid var(--line);
  text-align: left;
  vertical-align: baseline;
  font-weight: 400;
}
thead th { color: var(--quiet); font-size: .8125rem; border-color: var(--strong-line); }
tbody th, td { overflow-wrap: anywhere; }
th code, td code { display: inline-block; min-width: 9ch; }
tr:target th, tr:target td, .tool:target h3 { color: var(--accent); }
.number { padding-right: 0; text-align: right; font-variant-numeric: tabular-nums; }
.first { display: inline-block; color: var(--quiet); font-size: .8125rem; }
.answers { display: grid; grid-template-columns: 4rem minmax(0, 1fr); margin-bottom: 2rem; }
.answers dt { font-variant-numeric: tabular-nums; font-weight: 600; }
.answers dt, .answers dd { padding: .625rem 0; border-top: 1px solid var(--line); }
.answers dt:first-of-type, .answers dd:first-of-type { padding-top: 0; border-top: 0; }
@media (max-width: 34rem) {
  th, td { padding-right: .75rem; }
}
`;

export const STYLE = COLOURS + TEXT + LAYOUT + PARTS;
