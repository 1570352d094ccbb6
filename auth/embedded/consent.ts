/** The pages on which a person signs in and decides what an application may do. */

import { html } from "../../html.ts";
import type { Html } from "../../html.ts";
import { page } from "./page.ts";
import { isDocumentClient, isLoopbackName } from "./registration.ts";

/** What a person decides on: shown in full, and granted exactly so. */
export interface ConsentRequest {
  readonly clientId: string;
  readonly clientName: string | undefined;
  readonly redirectUri: string;
  readonly resource: string;
  /** Scope name and what it means in words. */
  readonly scopes: readonly { readonly name: string; readonly description: string }[];
  /** Whether the application can stay connected without asking again. */
  readonly refreshable: boolean;
  /** Who decides; undefined for the local operator, who does not sign in. */
  readonly userName: string | undefined;
}

interface Form {
  readonly action: string;
  /** Proves that the form came from our page. */
  readonly token: string;
}

/** Asks whether the application may. */
export function consentPage(request: ConsentRequest, form: Form): string {
  const name = request.clientName ?? "An application without a name";
  return page(
    `${name} wants access`,
    html`
      ${identity(request)}
      <p>It asks for access to <code>${request.resource}</code>${request.userName === undefined
        ? undefined
        : html`
          as <strong>${request.userName}</strong>
        `}.</p>
      <h2>It could then</h2>
      <ul>
      ${request.scopes.map((scope) =>
        html`
          <li>${scope.description} <code class="soft">${scope.name}</code></li>
        `
      )}</ul>
      ${request.refreshable &&
        html`<p class="soft">It stays connected until it has not been used for 14 days, 90 days at most.</p>`}
      <h2>Where the answer goes</h2>
      ${destination(request.redirectUri)}
      ${request.userName === undefined &&
        html`<p class="soft">This server runs on this computer for development, so nobody signs in: whoever
decides here is the local operator.</p>`}
      <form method="post" action="${form.action}">
        <input type="hidden" name="token" value="${form.token}">
        <p class="actions"><button name="decision" value="approve">Approve</button>
      <button name="decision" value="deny">Deny</button></p>
      </form>
    `,
  );
}

/** Asks who is there; `notice` tells why the last try was refused. */
export function loginPage(
  request: { readonly clientName: string | undefined; readonly notice?: string },
  form: Form,
): string {
  return page(
    "Sign in",
    html`
      <p>${request.clientName ?? "An application"} wants access. Sign in to decide.</p>
      ${request.notice !== undefined && html`<p class="warning" role="alert">${request.notice}</p>`}
      <form method="post" action="${form.action}">
        <input type="hidden" name="token" value="${form.token}">
        <label for="name">Name</label>
        <input id="name" name="name" autocomplete="username" maxlength="200" required autofocus>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password"
          maxlength="1000" required>
        <p class="actions"><button name="decision" value="sign-in">Sign in</button>
      <button name="decision" value="deny" formnovalidate>Cancel</button></p>
      </form>
    `,
  );
}

/** What stands behind the name: the host that publishes the metadata document, or nothing but the application's word. */
function identity({ clientId }: ConsentRequest): Html {
  if (isDocumentClient(clientId)) {
    return html`<p>It is published by <strong>${new URL(clientId).host}</strong>.</p>`;
  }
  return html`<p class="warning">The application gave itself this name and nobody has checked it.
Go on only if you have just started this yourself.</p>`;
}

function destination(redirectUri: string): Html {
  const url = new URL(redirectUri);
  if (url.protocol === "https:") {
    return html`<p>Your browser goes on to <strong>${url.host}</strong>.</p>`;
  }
  if (isLoopbackName(url.hostname)) {
    return html`
      <p>Your browser goes on to <strong>${url.host}</strong>.</p>
      <p
        class="warning">That is a program on this computer, and any program here could be listening. Approve only if you
      have just started the connection.</p>
    `;
  }
  return html`
    <p>Your browser opens the application for <strong>${url.protocol}</strong> links.</p>
    <p
      class="warning">Any application on this computer may have registered itself for these links. Approve only if you
    have just started the connection.</p>
  `;
}
