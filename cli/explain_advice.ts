/** What an operator can do about each reason for which a token is refused. */

const ADVICE: Readonly<Record<string, string>> = {
  // The form of the token.
  token_characters: "Give the access token alone, without quotes, spaces or line breaks inside it.",
  several_credentials: "Give one token.",
  too_long: "Ask the issuer for fewer claims: the server takes at most 8192 characters.",
  not_a_jws:
    "Ask the issuer for access tokens that are signed JWTs, or configure introspection for opaque ones.",
  header_malformed: "Take the token anew from the issuer; this one was cut or changed on the way.",
  claims_malformed: "Take the token anew from the issuer; this one was cut or changed on the way.",
  // The header.
  alg_not_allowed:
    "Let the issuer sign with an asymmetric algorithm, or add the one it uses to the issuer's algorithms.",
  typ_malformed: "Report this to the issuer: typ is not a string.",
  typ_not_allowed:
    "Send the access token, not an ID token; where it is one, the profile does not fit this issuer.",
  kid_malformed: "Report this to the issuer: kid is not a string of at most 256 characters.",
  nested: "Ask the issuer for access tokens whose payload is the claims, not another JWT.",
  crit_not_supported: "Report this to the issuer: it marks header members as critical.",
  // Issuer and audience.
  iss_unknown:
    "Configure this issuer, character by character: a slash at the end belongs to the name.",
  iss_mismatch: "The issuer answers for another issuer's token; check the introspection endpoint.",
  aud_missing: "Ask for the token with the resource parameter, or set an audience at the issuer.",
  aud_malformed: "Report this to the issuer: aud is neither a string nor a list of strings.",
  aud_mismatch:
    "Ask for the token with resource set to this server, or put what the token names into the issuer's audiences.",
  aud_several: "Ask for a token for this server alone, or switch strictAudience off.",
  aud_is_client:
    "Send the access token, not the ID token; where it is one, register this server apart from its clients.",
  // Times.
  expired: "Get a new token; where it should still hold, compare the clocks.",
  iat_in_future: "Compare the clocks of the issuer and of this server.",
  not_yet_valid: "Wait, or compare the clocks of the issuer and of this server.",
  lifetime_too_long: "Shorten the lifetime at the issuer, or raise maxLifetimeSeconds.",
  too_old: "Get a new token: this one is older than maxLifetimeSeconds allows.",
  // What kind of token it is, and for whom.
  not_an_access_token: "Send the access token: this is an ID token or a logout token.",
  ver_not_expected:
    "Set requestedAccessTokenVersion to 2 in the manifest of the API's application in Entra.",
  typ_not_expected: "Send the access token: Keycloak marks this as one of its other tokens.",
  client_id_mismatch: "Report this to the issuer: two claims name different clients.",
  scope_malformed:
    "Compare the claims with the profile: it reads scopes from one claim in one form, and neither guesses nor converts.",
  // What was revoked here.
  jti_revoked: "Get a new token: this one was revoked; `revocations` says by whom and why.",
  client_revoked: "The client was revoked; `revocations` says why, and `restore` lets it in again.",
  subject_revoked:
    "The person was revoked; `revocations` says why, and `restore` lets them in again.",
  issuer_revoked:
    "Get a new token: everything that the issuer issued up to a certain time was revoked.",
  // Keys and signature.
  kid_unknown:
    "Check that the keys are those of this issuer; after a change of keys the server learns the new ones within a minute.",
  kid_ambiguous: "Let the issuer put kid into its tokens: several of its keys would fit.",
  key_unusable: "Report this to the issuer: its key for this token cannot be used.",
  keys_unavailable: "Check that the issuer's metadata and its jwks_uri answer this machine.",
  signature_mismatch: "Do not trust this token: another key signed it, or it was changed.",
  signature_unverifiable: "Do not trust this token: its signature cannot be read.",
  // Opaque tokens.
  token_inactive: "Get a new token: to the issuer this one is expired, revoked or unknown.",
  introspection_unavailable:
    "Check that the issuer's introspection endpoint answers and takes the configured client.",
  introspection_busy: "Try again: too many tokens are being asked about.",
  // Tokens that are bound to a key.
  cnf_not_supported:
    "Set dpop to optional or required for this issuer; bindings other than DPoP are not supported.",
  bound_token_as_bearer: "Send the token with the DPoP scheme and a proof.",
  token_not_bound: "Send the token with the Bearer scheme.",
  dpop_required: "Let the client ask for a token with a DPoP proof: this issuer's must be bound.",
};

const MALFORMED = "Compare the claims with the profile: a claim it needs is missing or not usable.";
const OTHERWISE = "Look for the same reason in the server's log.";

/** One sentence for a reason; claims that are missing or unusable share theirs. */
export function adviceFor(reason: string): string {
  if (Object.hasOwn(ADVICE, reason)) return ADVICE[reason]!;
  return reason.endsWith("_malformed") ? MALFORMED : OTHERWISE;
}

/** Whether a reason has advice of its own, so that a test finds the one that was forgotten. */
export function isExplained(reason: string): boolean {
  return Object.hasOwn(ADVICE, reason) || reason.endsWith("_malformed");
}
