/** Reads users and their memberships from Scalekit's JSON. */

import type { Membership, User, UserDetails } from "../workspace/users.ts";
import type { OrganizationUser } from "../workspace.ts";
import { idIn, type Json, objectsIn, oneOf, optionalObjectIn, optionalText } from "./values.ts";
import { strangeAnswer, textIn, timeIn } from "./values.ts";

const MEMBERSHIP_STATUSES = ["ACTIVE", "INACTIVE", "PENDING_INVITE", "INVITE_EXPIRED"] as const;
const MOST_MEMBERSHIPS = 100;

/** The user as one organization sees them; undefined where they do not belong to it. */
export function toOrganizationUser(
  user: Json,
  organizationId: string,
): OrganizationUser | undefined {
  const membership = membershipsOf(user)
    .find((one) => one["organization_id"] === organizationId);
  if (membership === undefined) return undefined;
  const { roles, membershipStatus, createTime, updateTime } = toMembership(membership, user);
  const { id, email, ...person } = personIn(user);
  return {
    id,
    organizationId,
    email,
    ...person,
    roles,
    membershipStatus,
    createTime,
    updateTime,
  };
}

export function toUser(user: Json, environmentId: string): User {
  const createTime = timeIn(user, "create_time");
  if (createTime === undefined) throw strangeAnswer("a user without create_time");
  const updateTime = timeIn(user, "update_time") ?? createTime;
  return { ...personIn(user), environmentId, createTime, updateTime };
}

export function toUserDetails(user: Json, environmentId: string): UserDetails {
  const memberships = membershipsOf(user).map((membership) => toMembership(membership, user))
    .sort((a, b) => Number(a.createTime < b.createTime) - Number(a.createTime > b.createTime));
  return {
    ...toUser(user, environmentId),
    memberships: memberships.slice(0, MOST_MEMBERSHIPS),
    membershipCount: memberships.length,
  };
}

/** The names of the roles in a list of role objects. */
export function roleNamesIn(value: Json): readonly string[] {
  return objectsIn(value, "roles").map((role) => textIn(role, "name"));
}

function personIn(
  user: Json,
): Pick<User, "id" | "email" | "externalId" | "givenName" | "familyName"> {
  const profile = optionalObjectIn(user, "user_profile") ?? {};
  return {
    id: idIn(user),
    email: textIn(user, "email"),
    ...optionalText("externalId", textIn(user, "external_id")),
    ...optionalText("givenName", textIn(profile, "given_name")),
    ...optionalText("familyName", textIn(profile, "family_name")),
  };
}

function membershipsOf(user: Json): readonly Json[] {
  return objectsIn(user, "memberships");
}

/** They do not tell when a membership was changed; it was not before this. */
function toMembership(membership: Json, user: Json): Membership {
  const createTime = timeIn(membership, "join_time") ?? timeIn(membership, "created_at") ??
    timeIn(user, "create_time");
  if (createTime === undefined) throw strangeAnswer("a membership without a time");
  return {
    organizationId: idIn(membership, "organization_id"),
    organizationName: textIn(membership, "display_name") || textIn(membership, "name"),
    roles: roleNamesIn(membership),
    // Of a status that we do not know, it is not known that it gives access.
    membershipStatus: oneOf(MEMBERSHIP_STATUSES, membership, "membership_status", "INACTIVE"),
    createTime,
    updateTime: timeIn(membership, "accepted_at") ?? createTime,
  };
}
