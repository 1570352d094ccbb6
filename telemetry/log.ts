/** Structured logs on stderr: JSON lines for machines, short lines on a terminal, never a token. */

import { configureSync, getJsonLinesFormatter, getLogger } from "@logtape/logtape";
import type { LogRecord } from "@logtape/logtape";
import process from "node:process";

/** Writes one line; properties are data, never part of the message. */
export type Log = (message: string, properties?: Record<string, unknown>) => void;

export interface Logger {
  readonly debug: Log;
  readonly info: Log;
  readonly warning: Log;
  readonly error: Log;
}

export type LogLevel = "debug" | "info" | "warning" | "error" | "off";

/** Sets up the log of this process. */
export function startLogging(level: LogLevel): Logger {
  const format = process.stderr.isTTY ? terminalLine : jsonLine;
  configureSync({
    reset: true,
    sinks: { stderr: (record) => void process.stderr.write(redact(format(record))) },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: null },
      {
        category: ["gatehouse"],
        sinks: ["stderr"],
        lowestLevel: level === "off" ? null : level,
      },
    ],
  });
  const logger = getLogger(["gatehouse"]);
  return {
    debug: (message, properties) => logger.debug(message, properties ?? {}),
    info: (message, properties) => logger.info(message, properties ?? {}),
    warning: (message, properties) => logger.warning(message, properties ?? {}),
    error: (message, properties) => logger.error(message, properties ?? {}),
  };
}

const formatJson = getJsonLinesFormatter({ properties: "flatten" });
/** Controls, format characters and separators: they break lines, obey cursors and turn the direction of writing. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON itself escapes only the first 32 of them; outside of its strings there are none but the last line break. */
function jsonLine(record: LogRecord): string {
  return `${formatJson(record).trimEnd().replace(INVISIBLE, escapeJson)}\n`;
}

function escapeJson(character: string): string {
  return character.split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}

function terminalLine(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString().slice(11, 19);
  const properties = Object.entries(record.properties)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const line = [time, record.level, record.message.join(""), ...properties].join(" ");
  return `${stripControls(line)}\n`;
}

/** A terminal obeys control characters, and a log must not be able to forge a second line. */
function stripControls(line: string): string {
  return line.replace(INVISIBLE, "\uFFFD");
}

/** The last net under everything: what looks like a signed token or a Bearer credential does not get out. */
export function redact(line: string): string {
  return line
    .replace(/eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?/g, "[token]")
    .replace(/\b(Bearer|DPoP) [A-Za-z0-9\-._~+/]{8,}=*/gi, "$1 [token]");
}
