/** The authorization code grant against a running program, as a person's client goes through it: registration, page, code, token. */

import { assertEquals } from "@std/assert";
import {
  authorizeUrl,
  Browser,
  CALLBACK,
  followToClient,
  openPage,
  PUBLIC_CLIENT,
  VERIFIER,
} from "../auth/embedded/support.ts";

/** Registers a public client, approves it on the page, and returns the token response. */
export async function signIn(
  { url, issuer }: { readonly url: string; readonly issuer: string },
  scope: string,
): Promise<Record<string, unknown>> {
  const resource = `${url}/mcp`;
  const registered = await fetch(`${issuer}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(PUBLIC_CLIENT),
  });
  assertEquals(registered.status, 201);
  const { client_id } = await registered.json();
  const browser = new Browser(issuer);
  const page = await openPage(browser, authorizeUrl(issuer, client_id, { resource, scope }));
  const answer = await browser.submit(page.url, { token: page.token, decision: "approve" });
  const code = (await followToClient(browser, answer)).searchParams.get("code") ?? "";
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id,
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      resource,
    }),
  });
  assertEquals(response.status, 200);
  return await response.json();
}
