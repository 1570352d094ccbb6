/** What a tool may declare about the upstreams that it calls. */

const MAX_UPSTREAMS = 8;
/** As the configuration has it. */
const UPSTREAM_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** What is wrong with a declaration; whether there is such an upstream is a matter of the configuration. */
export function egressFaults(egress: readonly string[] = []): readonly string[] {
  const faults = egress.filter((name) => !UPSTREAM_NAME.test(name))
    .map((name) => `its egress names ${JSON.stringify(name)}, which is no name of an upstream`);
  if (new Set(egress).size < egress.length) faults.push("its egress names an upstream twice");
  if (egress.length > MAX_UPSTREAMS) faults.push(`its egress names more than ${MAX_UPSTREAMS}`);
  return faults;
}
