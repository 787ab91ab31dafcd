import * as z from "zod";

/** Everything that somebody may be allowed to do. Each endpoint names exactly one. */
export const CAPABILITIES = [
  "me:read",
  "me:write",
  "keys:manage",
  "orgs:list",
  "orgs:create",
  "orgs:limit",
  "users:read",
  "users:write",
  "partners:manage",
  "plans:read",
  "plans:write",
  "platform:settings",
  "platform:secrets",
  "platform:audit",
  "platform:usage",
  "platform:machines",
  "org:read",
  "org:write",
  "org:suspend",
  "org:rename",
  "org:delete",
  "org:open",
  "org:leave",
  "org:keys",
  "members:read",
  "members:write",
  "audit:read",
  "usage:read",
  "machines:read",
  "machines:write",
  "domains:read",
  "domains:write",
  "scripts:read",
  "scripts:write",
  "scripts:invoke",
  "routes:read",
  "routes:write",
  "executions:read",
  "data:read",
  "data:write",
  "secrets:read",
  "secrets:write",
  "triggers:read",
  "triggers:write",
  "deliveries:read",
  "deliveries:write",
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** Roles of people on the platform. */
export const PERSON_ROLES = ["owner", "admin", "member"] as const;
/** A partner is a program that makes and manages orgs of its own; it acts by keys and never signs in. */
export const PLATFORM_ROLES = [...PERSON_ROLES, "partner"] as const;
export type PersonRole = (typeof PERSON_ROLES)[number];
export type PlatformRole = (typeof PLATFORM_ROLES)[number];
export const ORG_ROLES = ["owner", "admin", "developer", "viewer"] as const;
export type OrgRole = (typeof ORG_ROLES)[number];

const OWN = ["me:read", "me:write", "keys:manage", "orgs:list", "plans:read"] as const satisfies readonly Capability[];
/** What only platform owners may do. */
const OWNERS_ONLY: ReadonlySet<Capability> = new Set<Capability>(["platform:settings"]);

/** What a platform role may do outside any org; owners and admins may also do everything inside every org. */
export const PLATFORM_ROLE_CAPABILITIES: Record<PlatformRole, ReadonlySet<Capability>> = {
  owner: new Set<Capability>(CAPABILITIES),
  admin: new Set<Capability>(CAPABILITIES.filter((capability) => !OWNERS_ONLY.has(capability))),
  member: new Set<Capability>(OWN),
  partner: new Set<Capability>(["me:read", "keys:manage", "orgs:list", "orgs:create", "plans:read"]),
};

const VIEW = [
  "org:read",
  "org:open",
  "org:leave",
  "members:read",
  "usage:read",
  "machines:read",
  "domains:read",
  "scripts:read",
  "routes:read",
  "executions:read",
  "triggers:read",
  "deliveries:read",
] as const satisfies readonly Capability[];
const DEVELOP = [
  ...VIEW,
  "scripts:write",
  "scripts:invoke",
  "routes:write",
  "data:read",
  "data:write",
  "secrets:read",
  "triggers:write",
  "deliveries:write",
] as const satisfies readonly Capability[];

const MANAGE = [
  ...DEVELOP,
  "org:write",
  "org:suspend",
  "org:keys",
  "machines:write",
  "domains:write",
  "members:write",
  "audit:read",
  "secrets:write",
] as const satisfies readonly Capability[];

/** What an org role may do inside its org. */
export const ORG_ROLE_CAPABILITIES: Record<OrgRole, ReadonlySet<Capability>> = {
  viewer: new Set<Capability>(VIEW),
  developer: new Set<Capability>(DEVELOP),
  admin: new Set<Capability>(MANAGE),
  owner: new Set<Capability>([...MANAGE, "org:rename", "org:delete"]),
};

/** What a key that is bound to one org cannot do, whatever its owner may: it reaches beyond that org. */
export const BEYOND_ONE_ORG: ReadonlySet<Capability> = new Set<Capability>([
  "orgs:create",
  "me:write",
  "users:read",
  "users:write",
  "partners:manage",
  "plans:write",
  "platform:settings",
  "platform:secrets",
  "platform:audit",
  "platform:usage",
  "platform:machines",
]);

/** A key's scope: one capability, `read` for everything that only looks, or `*` for everything its owner may do. */
export const scopeSchema = z.enum(["*", "read", ...CAPABILITIES]);
export type Scope = z.infer<typeof scopeSchema>;

const READS: ReadonlySet<Capability> = new Set<Capability>([
  ...VIEW.filter((capability) => capability !== "org:open" && capability !== "org:leave"),
  "me:read",
  "orgs:list",
  "plans:read",
  "users:read",
  "audit:read",
  "platform:audit",
  "platform:usage",
  "data:read",
  "secrets:read",
]);

/** Whether a key with these scopes covers a capability. */
export function scopesAllow(scopes: readonly Scope[], capability: Capability): boolean {
  return scopes.some((scope) => scope === "*" || scope === capability || (scope === "read" && READS.has(capability)));
}
