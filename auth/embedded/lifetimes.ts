/** How long what the embedded authorization server issues is good for, in seconds. */

export const ACCESS_TOKEN_SECONDS = 300;
export const CODE_SECONDS = 60;
export const INTERACTION_SECONDS = 600;
export const SESSION_SECONDS = 8 * 3600;
export const REFRESH_TOKEN_SECONDS = 14 * 86_400;
/** Also ends a chain of refresh tokens. */
export const GRANT_SECONDS = 90 * 86_400;
/** How far the resource server lets the clocks differ. */
export const ACCESS_TOKEN_TOLERANCE_SECONDS = 30;
