/** Checks on the connection: TLS, its version and certificate. */

import { isLoopbackHost } from "../../auth/fetch_json.ts";
import { cannotTell, fault, faultOf, PASS, skip } from "./check.ts";
import type { Check, Group } from "./check.ts";
import type { Context } from "./context.ts";
import { bareAnswers } from "./facts.ts";
import { accepts, OLD_VERSIONS } from "./tls_hello.ts";

const https: Check = {
  id: "tls-https",
  title: "The server is reached over https",
  rule: "MCP 2026-07-28 Authorization, Communication Security; RFC 6750 section 5.3",
  severity: "fail",
  remedy: "Serve the endpoint over https alone; plain http shows every token to the network.",
  run({ url }) {
    const local = isLoopbackHost(url.hostname) ? skip("loopback") : fault("plain http");
    return Promise.resolve(url.protocol === "https:" ? PASS : local);
  },
};

const certificate: Check = {
  id: "tls-certificate",
  title: "The certificate is valid for the host",
  rule: "RFC 9110 section 4.3.4; RFC 9525",
  severity: "fail",
  remedy: "Install a certificate of a trusted authority for this host, with its whole chain.",
  async run(context) {
    const { certificateFault } = await handshake(context);
    return certificateFault === undefined ? PASS : fault(context.show(certificateFault));
  },
};

const version: Check = {
  id: "tls-version",
  title: "TLS is 1.2 or newer, and nothing older is accepted",
  rule: "RFC 8996; RFC 9325 section 3.1.1",
  severity: "fail",
  remedy: "Set TLS 1.2 as the least version where TLS ends.",
  async run(context) {
    const { protocol } = await handshake(context);
    const seen: string[] = [];
    if (protocol !== undefined && !/^TLSv1\.[23]$/.test(protocol)) {
      seen.push(`negotiated ${context.show(protocol)}`);
    }
    for (const [name, number] of Object.entries(OLD_VERSIONS)) {
      if (await accepts(context.url, number, context.timeoutMs)) seen.push(`${name} is accepted`);
    }
    return faultOf(seen);
  },
};

const hsts: Check = {
  id: "tls-hsts",
  title: "Browsers are told to use https alone",
  rule: "RFC 6797 section 6.1",
  severity: "warn",
  remedy: "Send Strict-Transport-Security: max-age=31536000 with every answer over https.",
  async run(context) {
    await handshake(context);
    const { list } = await context.fact(bareAnswers);
    const header = list.header("strict-transport-security");
    if (header === undefined) return fault("no Strict-Transport-Security");
    const age = /(?:^|;)\s*max-age="?(\d+)/i.exec(header)?.[1];
    return Number(age) > 0 ? PASS : fault(`Strict-Transport-Security is ${context.show(header)}`);
  },
};

async function handshake(context: Context) {
  await context.fact(bareAnswers);
  if (context.handshake === undefined) throw cannotTell("plain http");
  return context.handshake;
}

export const connection: Group = {
  id: "tls",
  title: "Connection",
  checks: [https, certificate, version, hsts],
};
