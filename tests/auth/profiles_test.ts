import { test } from "node:test";
import { SignJWT } from "jose";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { verifyAccessToken } from "../../auth/access_token.ts";
import type { Issuer } from "../../auth/issuer.ts";
import { staticKeys } from "../../auth/jwks.ts";
import type { Principal } from "../../auth/principal.ts";
import { ISSUER_PROFILES } from "../../auth/profiles.ts";
import type { Claims, ProfileName } from "../../auth/profiles.ts";
import { createTestIssuer } from "../support/issuer.ts";
import { NOW, RESOURCE, VENDORS } from "./vendor_tokens.ts";
import type { Vendor } from "./vendor_tokens.ts";

const times = { iat: NOW, exp: NOW + 300 };
/** One key signs for every vendor here: each of them signs with RS256. */
const signer = await createTestIssuer({ alg: "RS256", now: () => new Date(NOW * 1000) });

const vendors = Object.entries(VENDORS) as [ProfileName, Vendor][];
const SCOPE_CLAIMS = ["scope", "scopes", "scp", "roles", "permissions"];

function sign(name: ProfileName, claims: Claims): Promise<string> {
  const { issuer, typ } = VENDORS[name];
  return new SignJWT({ iss: issuer, ...times, ...claims })
    .setProtectedHeader({ alg: "RS256", kid: signer.kid, ...(typ === undefined ? {} : { typ }) })
    .sign(signer.privateKey);
}

function rulesOf(name: ProfileName, changes: Partial<Issuer> = {}): Issuer {
  const { issuer, audiences } = VENDORS[name];
  return {
    issuer,
    profile: ISSUER_PROFILES[name],
    audiences: new Set(audiences),
    strictAudience: false,
    clockTolerance: 30,
    maxLifetime: 86_400,
    algorithms: ["RS256"],
    keys: staticKeys(signer.jwks, ["RS256"]),
    dpop: { mode: "off", nonce: false },
    ...changes,
  };
}

async function read(
  name: ProfileName,
  claims: Claims,
  changes: Partial<Issuer> = {},
): Promise<Principal> {
  const rules = rulesOf(name, changes);
  const verified = await verifyAccessToken(
    await sign(name, claims),
    new Map([[rules.issuer, rules]]),
    NOW,
  );
  return verified.principal;
}

async function reasonOf(
  name: ProfileName,
  claims: Claims,
  changes: Partial<Issuer> = {},
): Promise<string> {
  const error = await assertRejects(() => read(name, claims, changes), AppError);
  assertEquals(error.code, "invalid_token");
  return error.reason;
}

function without(claims: Claims, ...names: string[]): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));
}

for (const [name, vendor] of vendors) {
  test(`profile ${name} reads a person's token and a client's token (R30, R94)`, async () => {
    for (const kind of ["user", "client"] as const) {
      const { claims, principal } = kind === "user" ? vendor.person : vendor.client;
      assertEquals(await read(name, claims), {
        issuer: vendor.issuer,
        kind,
        issuedAt: times.iat,
        expiresAt: times.exp,
        ...principal,
      } as Principal);
    }
  });

  test(`profile ${name} refuses the vendor's ID token, also where its audience is accepted (R26)`, async () => {
    assertEquals(await reasonOf(name, vendor.idToken), "aud_mismatch");
    const audiences = new Set([vendor.idToken["aud"]].flat() as string[]);
    await reasonOf(name, vendor.idToken, { audiences });
    // Without the claims that the nonce parameter and the hybrid flow add.
    const bare = without(vendor.idToken, "nonce", "at_hash", "c_hash");
    const reason = await reasonOf(name, bare, { audiences });
    assert(reason !== "not_an_access_token" && !reason.startsWith("aud_mis"), reason);
  });

  test(`profile ${name} never looks for scopes in another vendor's claim`, async () => {
    const everywhere = {
      scope: "org:write",
      scopes: ["org:write"],
      scp: ["org:write"],
      permissions: ["org:write"],
    };
    for (const kind of ["user", "client"] as const) {
      const { claims } = kind === "user" ? vendor.person : vendor.client;
      const { claim } = ISSUER_PROFILES[name].scopes[kind];
      const elsewhere = { ...without(claims, ...SCOPE_CLAIMS), ...without(everywhere, claim) };
      // To Entra the claim scp is what tells a person's token, and there it is a string.
      if (name === "entra") {
        assertEquals(await reasonOf(name, elsewhere), "scope_malformed");
      } else if (vendor.withoutScopes === undefined) {
        assertEquals((await read(name, elsewhere)).scopes, []);
      } else {
        assertEquals(await reasonOf(name, elsewhere), vendor.withoutScopes);
      }
    }
  });

  test(`profile ${name} refuses its scope claim in another form (R26)`, async () => {
    for (const kind of ["user", "client"] as const) {
      const { claims } = kind === "user" ? vendor.person : vendor.client;
      const { claim, form } = ISSUER_PROFILES[name].scopes[kind];
      const forms = [form === "string" ? ["org:read"] : "org:read", [["org:read"]], 1, null, {}];
      for (const value of forms) {
        assertEquals(await reasonOf(name, { ...claims, [claim]: value }), "scope_malformed");
      }
    }
  });

  test(`profile ${name} refuses a token without client id or, where there is one, token id`, async () => {
    const { clientId, tokenId } = ISSUER_PROFILES[name];
    const { claims } = vendor.person;
    assertEquals(await reasonOf(name, without(claims, clientId)), `${clientId}_malformed`);
    if (tokenId.required) {
      const { claim } = tokenId;
      assertEquals(await reasonOf(name, without(claims, claim)), `${claim}_malformed`);
    }
  });
}

test("profiles that cannot trust the typ header refuse a token for its own client (R26)", async () => {
  const relaxed = vendors.filter(([, { typ }]) => typ !== "at+jwt");
  assertEquals(relaxed.length, 6);
  for (const [name, { person }] of relaxed) {
    const client = String(person.claims[ISSUER_PROFILES[name].clientId]);
    for (const aud of [client, [RESOURCE, client]]) {
      const audiences = new Set([client, RESOURCE]);
      assertEquals(await reasonOf(name, { ...person.claims, aud }, { audiences }), "aud_is_client");
    }
    assertEquals(
      await reasonOf(name, { ...person.claims, at_hash: "h" }),
      "not_an_access_token",
    );
  }
});

test("profiles take the typ that the vendor documents, and no other", async () => {
  const accepted: Readonly<Record<ProfileName, readonly (string | undefined)[]>> = {
    rfc9068: ["at+jwt", "application/at+jwt"],
    auth0: ["JWT"],
    "auth0-rfc9068": ["at+jwt", "application/at+jwt"],
    okta: [undefined, "JWT"],
    entra: ["JWT"],
    keycloak: ["JWT", "at+jwt", "application/at+jwt", undefined],
    workos: [undefined, "JWT"],
    scalekit: ["JWT", undefined],
  };
  const types = ["JWT", "at+jwt", "application/at+jwt", undefined, "id_token+jwt", "logout+jwt"];
  for (const [name, vendor] of vendors) {
    for (const typ of types) {
      const token = await new SignJWT({ iss: vendor.issuer, ...times, ...vendor.person.claims })
        .setProtectedHeader({
          alg: "RS256",
          kid: signer.kid,
          ...(typ === undefined ? {} : { typ }),
        })
        .sign(signer.privateKey);
      const issuers = new Map([[vendor.issuer, rulesOf(name)]]);
      const reason = await verifyAccessToken(token, issuers, NOW).then(
        () => "accepted",
        (error) => (error as AppError).reason,
      );
      const expected = accepted[name].includes(typ) ? "accepted" : "typ_not_allowed";
      assertEquals(reason, expected, `${name} ${typ}`);
    }
  }
});

test("profile entra decides by idtyp where it is there, and takes version 2.0 only", async () => {
  const { person, client } = VENDORS.entra;
  const app = await read("entra", { ...client.claims, idtyp: "app" });
  assertEquals([app.kind, app.scopes], ["client", ["org:read"]]);
  const user = await read("entra", { ...person.claims, idtyp: "user" });
  assertEquals([user.kind, user.scopes], ["user", ["org:read", "env:read"]]);
  // Roles of a person never become scopes of a client.
  assertEquals(
    await reasonOf("entra", { ...without(person.claims, "scp"), idtyp: "user" }),
    "scope_malformed",
  );
  assertEquals(await reasonOf("entra", { ...person.claims, ver: "1.0" }), "ver_not_expected");
  assertEquals(await reasonOf("entra", without(person.claims, "ver")), "ver_not_expected");
});

test("profile keycloak tells service accounts apart, with and without user names", async () => {
  const { person, client } = VENDORS.keycloak;
  const kindOf = async (claims: Claims) => (await read("keycloak", claims)).kind;
  // Lightweight tokens, and releases that wrote clientId.
  assertEquals(await kindOf(without(client.claims, "preferred_username")), "client");
  assertEquals(await kindOf(without(client.claims, "client_id")), "client");
  assertEquals(await kindOf(without(person.claims, "preferred_username")), "user");
  // A mapper may write client_id into every token.
  assertEquals(await kindOf({ ...person.claims, client_id: "vscode" }), "user");
  assertEquals(
    await kindOf({ ...person.claims, preferred_username: "service-account-reporter" }),
    "user",
  );
  assertEquals(
    await reasonOf("keycloak", { ...client.claims, client_id: "other" }),
    "client_id_mismatch",
  );
});

test("profile keycloak takes bearer and bound tokens, and no other of its tokens", async () => {
  const { claims } = VENDORS.keycloak.person;
  await read("keycloak", { ...claims, typ: "DPoP" });
  for (const typ of ["ID", "Refresh", "Offline", "Logout", undefined]) {
    assertEquals(await reasonOf("keycloak", { ...claims, typ }), "typ_not_expected", String(typ));
  }
});

test("profile okta goes by uid, because a deployment may map sub to anything", async () => {
  const { person, client } = VENDORS.okta;
  const mapped = await read("okta", { ...person.claims, sub: String(person.claims["cid"]) });
  assertEquals(mapped.kind, "user");
  assertEquals((await read("okta", { ...client.claims, sub: "service" })).kind, "client");
});

test("profile auth0 does not take a user for the client whose name is in the subject", async () => {
  const { claims } = VENDORS.auth0.person;
  for (const sub of ["K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja", "other@clients"]) {
    assertEquals((await read("auth0", { ...claims, sub })).kind, "user");
  }
});

test("strictAudience overlooks what the issuer adds by itself, and nothing else (R29)", async () => {
  const strict = { strictAudience: true };
  await read("auth0", VENDORS.auth0.person.claims, strict);
  await read("keycloak", VENDORS.keycloak.person.claims, strict);
  // Scalekit names the server twice, by id and by URL; both are ours once both are configured.
  const { claims } = VENDORS.scalekit.person;
  assertEquals(await reasonOf("scalekit", claims, strict), "aud_several");
  const both = new Set(claims["aud"] as string[]);
  await read("scalekit", claims, { ...strict, audiences: both });
  for (const other of ["https://other.example", "https://evil.auth0.com/userinfo", "account"]) {
    assertEquals(
      await reasonOf("auth0", { ...VENDORS.auth0.person.claims, aud: [RESOURCE, other] }, strict),
      "aud_several",
    );
  }
  // What an issuer adds is not enough by itself.
  assertEquals(
    await reasonOf("auth0", {
      ...VENDORS.auth0.person.claims,
      aud: ["https://tenant.eu.auth0.com/userinfo"],
    }, strict),
    "aud_mismatch",
  );
});
