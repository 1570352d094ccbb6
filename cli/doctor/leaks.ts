/** What an error should not tell: stack traces, paths, connection strings, versions. */

const LEAKS: readonly (readonly [string, RegExp])[] = [
  [
    "a stack trace",
    /\n\s+at [^\n]{1,200}[:(]\d+|\\n\s+at [^\n]{1,200}?:\d+|Traceback \(most recent/,
  ],
  [
    "a source file",
    /\b[\w-]{1,64}\.(?:[cm]?[jt]sx?|py|rb|go|java|cs|php|rs)(?::\d+|\(\d+|", line \d+)/,
  ],
  [
    "a file path",
    /(?:^|[\s"'(=])(?:\/(?:home|Users|usr|var|opt|app|srv|root|tmp|etc)\/[\w./-]{2,}|[A-Z]:\\\\?[\w\\ .-]{3,}|file:\/\/\S)|node_modules/,
  ],
  ["a connection string", /[a-z][a-z+]{2,15}:\/\/[^\s:/@"]{1,64}:[^\s@/"]{1,64}@/],
  ["a password", /\b(?:password|passwd|secret|api_?key)\s*[=:]\s*[^\s"\\,}]{3,}/i],
];

/** The kinds of things that a text tells too much of. */
export function leaksIn(text: string): readonly string[] {
  return LEAKS.filter(([, pattern]) => pattern.test(text)).map(([kind]) => kind);
}

/** A product with its version, as servers put it into headers and error pages. */
export const VERSIONED =
  /\b(?:nginx|apache|express|werkzeug|tomcat|jetty|microsoft-iis|php|openresty|gunicorn|uvicorn|python|node(?:\.js)?|deno|bun|kestrel|caddy)[/ ]v?\d+[\w.]*/i;
