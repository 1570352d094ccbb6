/** The building blocks of prompts: what the caller typed stands in them as data, and steps have numbers. */

/** Quotes what somebody typed, so that it reads as a value and not as a part of the task. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Numbers the steps of a job; undefined ones are left out. */
export function steps(...texts: readonly (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined)
    .map((text, index) => `${index + 1}. ${text}`).join("\n");
}
