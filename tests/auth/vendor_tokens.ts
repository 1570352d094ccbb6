/** The tokens of each vendor in the shape that its documentation shows, with made-up values. */

import type { Principal } from "../../auth/principal.ts";
import type { Claims, ProfileName } from "../../auth/profiles.ts";

export const NOW = 1_800_000_000;
export const RESOURCE = "https://mcp.example.com/mcp";

/** What one vendor signs; each token lacks `iss`, `iat` and `exp` only. */
export interface Vendor {
  readonly issuer: string;
  /** What the operator configures; the resource where that is enough. */
  readonly audiences: readonly string[];
  readonly typ: string | undefined;
  readonly person: { readonly claims: Claims; readonly principal: Partial<Principal> };
  readonly client: { readonly claims: Claims; readonly principal: Partial<Principal> };
  /** For the client of the person's token. */
  readonly idToken: Claims;
  /** Undefined where the claim can be left out: then the token grants nothing. */
  readonly withoutScopes: string | undefined;
}

export const VENDORS: Readonly<Record<ProfileName, Vendor>> = {
  rfc9068: {
    issuer: "https://login.example.com",
    audiences: [RESOURCE],
    typ: "at+jwt",
    person: {
      claims: {
        aud: RESOURCE,
        sub: "5ba552d67",
        client_id: "s6BhdRkqt3",
        jti: "dbe39bf3a3ba4238a513f51d6e1691c4",
        auth_time: NOW - 60,
        scope: "openid org:read",
      },
      principal: {
        subject: "5ba552d67",
        clientId: "s6BhdRkqt3",
        tokenId: "dbe39bf3a3ba4238a513f51d6e1691c4",
        scopes: ["openid", "org:read"],
      },
    },
    client: {
      claims: { aud: RESOURCE, sub: "s6BhdRkqt3", client_id: "s6BhdRkqt3", jti: "j", scope: "a" },
      principal: { subject: "s6BhdRkqt3", clientId: "s6BhdRkqt3", tokenId: "j", scopes: ["a"] },
    },
    idToken: { aud: "s6BhdRkqt3", sub: "5ba552d67", nonce: "n-0S6_WzA2Mj" },
    withoutScopes: undefined,
  },
  auth0: {
    issuer: "https://tenant.eu.auth0.com/",
    audiences: [RESOURCE],
    typ: "JWT",
    person: {
      claims: {
        sub: "auth0|6553da60a54af58e29493993",
        aud: [RESOURCE, "https://tenant.eu.auth0.com/userinfo"],
        azp: "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja",
        scope: "openid profile org:read",
        permissions: ["org:read", "org:write"],
      },
      principal: {
        subject: "auth0|6553da60a54af58e29493993",
        clientId: "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja",
        tokenId: undefined,
        scopes: ["openid", "profile", "org:read"],
      },
    },
    client: {
      claims: {
        sub: "awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients",
        aud: RESOURCE,
        azp: "awZfdIir8YFdGZWkvCejDoUb7SjTDicx",
        scope: "org:read",
        gty: "client-credentials",
      },
      principal: {
        subject: "awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients",
        clientId: "awZfdIir8YFdGZWkvCejDoUb7SjTDicx",
        tokenId: undefined,
        scopes: ["org:read"],
      },
    },
    idToken: {
      sub: "auth0|6553da60a54af58e29493993",
      aud: "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja",
      name: "Ada",
      sid: "s",
      nonce: "n",
    },
    withoutScopes: "scope_malformed",
  },
  "auth0-rfc9068": {
    issuer: "https://tenant.eu.auth0.com/",
    audiences: [RESOURCE],
    typ: "at+jwt",
    person: {
      claims: {
        sub: "auth0|123456",
        aud: [RESOURCE, "https://tenant.eu.auth0.com/userinfo"],
        client_id: "my_client_id",
        jti: "73WakrfVbNJBaAmhQtEeDv",
        scope: "openid org:read",
      },
      principal: {
        subject: "auth0|123456",
        clientId: "my_client_id",
        tokenId: "73WakrfVbNJBaAmhQtEeDv",
        scopes: ["openid", "org:read"],
      },
    },
    client: {
      claims: {
        sub: "my_client_id@clients",
        aud: RESOURCE,
        client_id: "my_client_id",
        jti: "j",
        scope: "org:read",
      },
      principal: {
        subject: "my_client_id@clients",
        clientId: "my_client_id",
        tokenId: "j",
        scopes: ["org:read"],
      },
    },
    idToken: { sub: "auth0|123456", aud: "my_client_id", sid: "s", nonce: "n" },
    withoutScopes: undefined,
  },
  okta: {
    issuer: "https://acme.okta.com/oauth2/default",
    audiences: ["api://default"],
    typ: undefined,
    person: {
      claims: {
        ver: 1,
        jti: "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
        aud: "api://default",
        sub: "ada@example.com",
        cid: "nmdP1fcyvdVO11AL7ECm",
        uid: "00ujmkLgagxeRrAg20g3",
        auth_time: NOW - 60,
        scp: ["openid", "org:read"],
      },
      principal: {
        subject: "ada@example.com",
        clientId: "nmdP1fcyvdVO11AL7ECm",
        tokenId: "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
        scopes: ["openid", "org:read"],
      },
    },
    client: {
      claims: {
        ver: 1,
        jti: "AT.1",
        aud: "api://default",
        sub: "0oah2vxgvZyW7s1Dz0g3",
        cid: "0oah2vxgvZyW7s1Dz0g3",
        scp: ["org:read"],
      },
      principal: {
        subject: "0oah2vxgvZyW7s1Dz0g3",
        clientId: "0oah2vxgvZyW7s1Dz0g3",
        tokenId: "AT.1",
        scopes: ["org:read"],
      },
    },
    idToken: {
      ver: 1,
      jti: "ID.1",
      aud: "nmdP1fcyvdVO11AL7ECm",
      sub: "00ujmkLgagxeRrAg20g3",
      amr: ["pwd"],
      at_hash: "fPlsvVszI29LU2UhDyJ9vg",
    },
    withoutScopes: "scope_malformed",
  },
  entra: {
    issuer: "https://login.microsoftonline.com/8d1f2c0e-0000-4000-8000-00000000000a/v2.0",
    audiences: ["6e74172b-0000-4000-8000-0000000000aa"],
    typ: "JWT",
    person: {
      claims: {
        aud: "6e74172b-0000-4000-8000-0000000000aa",
        azp: "c44b4083-0000-4000-8000-0000000000bb",
        azpacr: "0",
        name: "Ada",
        oid: "690222be-0000-4000-8000-0000000000cc",
        // The person's own roles, which the client was not granted.
        roles: ["org:write"],
        scp: "org:read env:read",
        sub: "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
        tid: "8d1f2c0e-0000-4000-8000-00000000000a",
        uti: "fqiBqXLPj0eQa82S-IYFAA",
        ver: "2.0",
        nbf: NOW,
      },
      principal: {
        subject: "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
        clientId: "c44b4083-0000-4000-8000-0000000000bb",
        tokenId: "fqiBqXLPj0eQa82S-IYFAA",
        scopes: ["org:read", "env:read"],
      },
    },
    client: {
      claims: {
        aud: "6e74172b-0000-4000-8000-0000000000aa",
        azp: "0a1b2c3d-0000-4000-8000-0000000000dd",
        azpacr: "1",
        oid: "77777777-0000-4000-8000-0000000000ee",
        roles: ["org:read"],
        sub: "77777777-0000-4000-8000-0000000000ee",
        tid: "8d1f2c0e-0000-4000-8000-00000000000a",
        uti: "u2",
        ver: "2.0",
        nbf: NOW,
      },
      principal: {
        subject: "77777777-0000-4000-8000-0000000000ee",
        clientId: "0a1b2c3d-0000-4000-8000-0000000000dd",
        tokenId: "u2",
        scopes: ["org:read"],
      },
    },
    idToken: {
      aud: "c44b4083-0000-4000-8000-0000000000bb",
      name: "Ada",
      oid: "690222be-0000-4000-8000-0000000000cc",
      roles: ["org:write"],
      sub: "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
      tid: "8d1f2c0e-0000-4000-8000-00000000000a",
      uti: "u3",
      ver: "2.0",
      nonce: "n",
    },
    // Without scp and without roles: Entra signs that for any client of the tenant, which was granted nothing.
    withoutScopes: "scope_malformed",
  },
  keycloak: {
    issuer: "https://sso.example.com/realms/acme",
    audiences: [RESOURCE],
    typ: "JWT",
    person: {
      claims: {
        jti: "onrtac:2b3c",
        aud: [RESOURCE, "account"],
        sub: "f:1:ada",
        typ: "Bearer",
        azp: "vscode",
        sid: "s1",
        acr: "1",
        realm_access: { roles: ["offline_access"] },
        resource_access: { account: { roles: ["view-profile"] } },
        scope: "openid profile org:read",
        preferred_username: "ada",
      },
      principal: {
        subject: "f:1:ada",
        clientId: "vscode",
        tokenId: "onrtac:2b3c",
        scopes: ["openid", "profile", "org:read"],
      },
    },
    client: {
      claims: {
        jti: "trrtcc:4d5e",
        aud: [RESOURCE, "account"],
        sub: "1f4db6ad-5e75-479c-b289-b8096ec1f4f4",
        typ: "Bearer",
        azp: "Reporter",
        acr: "1",
        scope: "profile org:read",
        client_id: "Reporter",
        clientHost: "192.0.2.1",
        clientAddress: "192.0.2.1",
        preferred_username: "service-account-reporter",
      },
      principal: {
        subject: "1f4db6ad-5e75-479c-b289-b8096ec1f4f4",
        clientId: "Reporter",
        tokenId: "trrtcc:4d5e",
        scopes: ["profile", "org:read"],
      },
    },
    idToken: {
      jti: "i1",
      aud: "vscode",
      sub: "f:1:ada",
      typ: "ID",
      azp: "vscode",
      sid: "s1",
      at_hash: "h",
      preferred_username: "ada",
    },
    withoutScopes: "scope_malformed",
  },
  workos: {
    issuer: "https://acme.authkit.app",
    audiences: [RESOURCE, "client_01ENVIRONMENT"],
    typ: undefined,
    person: {
      claims: {
        aud: RESOURCE,
        sub: "user_01JQ0E27VT3MH79RY0FVA4QBP9",
        client_id: "client_01JP8BD0CZ401TDF9X54NT5ZEK",
        org_id: "org_01HRDMC6CM357W30QMHMQ96Q0S",
        sid: "app_consent_01JQ0E27WE4K1RCMH7Q094M1GJ",
        scope: "openid org:read",
        jti: "01JQ0E27ZXE4XNHVP870S6PWYN",
      },
      principal: {
        subject: "user_01JQ0E27VT3MH79RY0FVA4QBP9",
        clientId: "client_01JP8BD0CZ401TDF9X54NT5ZEK",
        tokenId: "01JQ0E27ZXE4XNHVP870S6PWYN",
        scopes: ["openid", "org:read"],
      },
    },
    client: {
      claims: {
        aud: "client_01ENVIRONMENT",
        sub: "client_01MACHINE",
        client_id: "client_01MACHINE",
        org_id: "org_01HRDMC6CM357W30QMHMQ96Q0S",
        scope: "org:read",
        jti: "01J",
      },
      principal: {
        subject: "client_01MACHINE",
        clientId: "client_01MACHINE",
        tokenId: "01J",
        scopes: ["org:read"],
      },
    },
    idToken: {
      aud: "client_01JP8BD0CZ401TDF9X54NT5ZEK",
      sub: "user_01JQ0E27VT3MH79RY0FVA4QBP9",
      name: "Leroy",
      email: "leroy@example.com",
      nonce: "f39a8e47d2c9b6fa",
    },
    withoutScopes: "scope_malformed",
  },
  scalekit: {
    issuer: "https://acme.scalekit.com",
    audiences: ["res_987654321098765432"],
    typ: "JWT",
    person: {
      claims: {
        aud: ["https://mcp.example.com", "res_987654321098765432"],
        client_id: "skc_987654321098765432",
        jti: "tkn_987654321098765432",
        nbf: NOW,
        oid: "org_69615647365005430",
        permissions: ["org:write"],
        roles: ["member"],
        scope: "openid org:read",
        sid: "ses_987654321098765432",
        sub: "usr_987654321098765432",
      },
      principal: {
        subject: "usr_987654321098765432",
        clientId: "skc_987654321098765432",
        tokenId: "tkn_987654321098765432",
        scopes: ["openid", "org:read"],
      },
    },
    client: {
      claims: {
        aud: ["res_987654321098765432"],
        client_id: "m2morg_68315758685323697",
        jti: "tkn_69041163914445100",
        nbf: NOW,
        oid: "org_68315758685323697",
        scopes: ["org:read", "org:write"],
        sub: "m2morg_68315758685323697",
      },
      principal: {
        subject: "m2morg_68315758685323697",
        clientId: "m2morg_68315758685323697",
        tokenId: "tkn_69041163914445100",
        scopes: ["org:read", "org:write"],
      },
    },
    idToken: {
      aud: ["skc_987654321098765432"],
      azp: "skc_987654321098765432",
      client_id: "skc_987654321098765432",
      sub: "usr_987654321098765432",
      amr: ["conn_1"],
      at_hash: "h",
      c_hash: "h",
    },
    withoutScopes: "scope_malformed",
  },
};
