/** Reads the challenges of WWW-Authenticate (RFC 9110 section 11.6.1). */

export interface ReadChallenge {
  readonly scheme: string;
  /** By their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const PARAMETER = /^[ \t,]*([!#$%&'*+.^_`|~\w-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/;
const SCHEME = /^[ \t,]*([!#$%&'*+.^_`|~\w-]+)(?:[ \t]+|$|(?=,))/;

/** Returns the challenges in their order; what cannot be read ends the list. */
export function readChallenges(text: string): readonly ReadChallenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let rest = text;
  while (rest.trim() !== "") {
    const parameter = challenges.length > 0 ? PARAMETER.exec(rest) : null;
    const found = parameter ?? SCHEME.exec(rest);
    if (found === null) break;
    rest = rest.slice(found[0].length);
    if (parameter) {
      const [, name = "", quoted, bare = ""] = parameter;
      const value = quoted?.replace(/\\(.)/g, "$1") ?? bare;
      challenges.at(-1)!.parameters.set(name.toLowerCase(), value);
    } else challenges.push({ scheme: found[1]!, parameters: new Map() });
  }
  return challenges;
}
