/** The objects of the workspace that several kinds share, and the pages that they are listed in. */

/** One page of a list; without `nextPageToken` it is the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly totalSize: number;
  /** Opaque; valid for the same list and filter only. */
  readonly nextPageToken?: string;
}

export interface PageRequest {
  /** 1 to 100. */
  readonly pageSize: number;
  readonly pageToken?: string | undefined;
}

export interface Environment {
  readonly id: string;
  readonly displayName: string;
  readonly type: "DEV" | "PRD";
  readonly regionCode?: "US" | "EU";
  readonly domain: string;
  readonly customDomain?: string;
  readonly customDomainStatus?: "PENDING" | "ACTIVE" | "FAILED" | "INITIAL";
  /** RFC 3339, as all times here. Absent where the backend does not tell, as in all objects that may lack times. */
  readonly createTime?: string;
  readonly updateTime?: string;
}

export interface Feature {
  readonly name: "sso" | "dir_sync";
  readonly enabled: boolean;
}

export interface Organization {
  readonly id: string;
  readonly environmentId: string;
  readonly displayName: string;
  readonly externalId?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly settings: { readonly features: readonly Feature[] };
  readonly createTime: string;
  readonly updateTime: string;
}

export interface NewOrganization {
  readonly displayName: string;
  readonly externalId?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A user as one organization sees them. */
export interface OrganizationUser {
  readonly id: string;
  readonly organizationId: string;
  readonly email: string;
  readonly externalId?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly roles: readonly string[];
  readonly membershipStatus: "ACTIVE" | "INACTIVE" | "PENDING_INVITE" | "INVITE_EXPIRED";
  /** When the user joined this organization. */
  readonly createTime: string;
  readonly updateTime: string;
}

export interface NewOrganizationUser {
  readonly email: string;
  readonly roles: readonly string[];
  readonly externalId?: string | undefined;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
}

/** What became of one row of an import: the user, or why it was refused. */
export type ImportedRow =
  | { readonly row: number; readonly email: string; readonly user: OrganizationUser }
  | {
    readonly row: number;
    readonly email: string;
    readonly error: { readonly code: string; readonly message: string };
  };

export interface WorkspaceMember {
  readonly id: string;
  readonly email: string;
  readonly role: "ADMIN" | "USER";
  readonly status: "ACTIVE" | "PENDING_INVITE";
  readonly createTime?: string;
  readonly updateTime?: string;
}
