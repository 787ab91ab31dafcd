import {
  ORG_ROLES,
  type OrgRole,
  PERSON_ROLES,
  type PersonRole,
  type PlatformRole,
} from "../../../contracts/rights.ts";

/**
 * Who may make whom what. Pure: roles in, a reason to refuse or null out. That an org and the platform keep an active
 * owner is not decided here, for it takes a look at everybody else.
 */

/** Highest first, so that the one with the lower index is above. */
const isAbove = <R extends string>(ranks: readonly R[], a: R, b: R): boolean => ranks.indexOf(a) < ranks.indexOf(b);

/** Whether the first org role may do more than the second. */
export const isOrgRoleAbove = (a: OrgRole, b: OrgRole): boolean => isAbove(ORG_ROLES, a, b);

/** Whether the first role on the platform may do more than the second. */
export const isPersonRoleAbove = (a: PersonRole, b: PersonRole): boolean => isAbove(PERSON_ROLES, a, b);

/** By which role somebody acts in an org: platform owners and admins act as owners of every org. */
export function actingRole(platform: PlatformRole, inOrg: OrgRole | null): OrgRole | null {
  return platform === "owner" || platform === "admin" ? "owner" : inOrg;
}

/** Why who acts by this role may not give another one, by invitation or by change. */
export function refusalToGrant(acting: OrgRole | null, role: OrgRole): string | null {
  if (acting !== "owner" && acting !== "admin") return "Only owners and admins of an org decide who is in it.";
  if (role === "owner" && acting !== "owner") return "Only an owner can make somebody an owner. Ask one.";
  return null;
}

export interface MemberChange {
  acting: OrgRole | null;
  /** Whether somebody changes their own membership. */
  self: boolean;
  from: OrgRole;
  /** Null for who is to leave. */
  to: OrgRole | null;
}

/** Why a membership may not be changed so. */
export function refusalToChangeMember({ acting, self, from, to }: MemberChange): string | null {
  if (self && to === null) return null;
  if (self && to !== null && isOrgRoleAbove(to, from)) return "Nobody can raise their own role. Ask another owner.";
  if (from === "owner" && acting !== "owner") return "Only an owner can change or remove an owner. Ask one.";
  return refusalToGrant(acting, to ?? from);
}

export interface PersonChange {
  /** Role on the platform of who acts. */
  acting: PlatformRole;
  self: boolean;
  from: PersonRole;
  /** The role that they are to have, or the one they have. */
  to: PersonRole;
}

/** Why somebody's account may not be changed so. */
export function refusalToChangePerson({ acting, self, from, to }: PersonChange): string | null {
  if (acting !== "owner" && acting !== "admin") return "Only owners and admins of the platform manage accounts.";
  if (self && isPersonRoleAbove(to, from)) return "Nobody can raise their own role. Ask an owner of the platform.";
  if (from === "owner" && acting !== "owner") return "Only an owner of the platform can change another one. Ask one.";
  return refusalToGrantOnPlatform(acting, to);
}

/** Why who acts by this role may not give another one on the platform. */
export function refusalToGrantOnPlatform(acting: PlatformRole, role: PersonRole): string | null {
  if (acting !== "owner" && acting !== "admin") return "Only owners and admins of the platform manage accounts.";
  if (role === "owner" && acting !== "owner") return "Only an owner of the platform can make another one. Ask one.";
  return null;
}
