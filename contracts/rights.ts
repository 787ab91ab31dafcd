import * as z from "zod";

/** Everything that somebody may be allowed to do. Each endpoint names exactly one. */
export const CAPABILITIES = [
  "me:read",
  "keys:manage",
  "orgs:list",
  "orgs:create",
  "orgs:limit",
  "platform:secrets",
  "org:read",
  "org:write",
  "org:delete",
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

export const PLATFORM_ROLES = ["owner", "admin", "member"] as const;
export type PlatformRole = (typeof PLATFORM_ROLES)[number];
export const ORG_ROLES = ["owner", "admin", "developer", "viewer"] as const;
export type OrgRole = (typeof ORG_ROLES)[number];

const OWN = ["me:read", "keys:manage", "orgs:list"] as const satisfies readonly Capability[];

/** What a platform role may do outside any org; owners and admins may also do everything inside every org. */
export const PLATFORM_ROLE_CAPABILITIES: Record<PlatformRole, ReadonlySet<Capability>> = {
  owner: new Set<Capability>(CAPABILITIES),
  admin: new Set<Capability>(CAPABILITIES),
  member: new Set<Capability>(OWN),
};

const VIEW = [
  "org:read",
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

/** What an org role may do inside its org. */
export const ORG_ROLE_CAPABILITIES: Record<OrgRole, ReadonlySet<Capability>> = {
  viewer: new Set<Capability>(VIEW),
  developer: new Set<Capability>(DEVELOP),
  admin: new Set<Capability>([...DEVELOP, "org:write", "secrets:write"]),
  owner: new Set<Capability>([...DEVELOP, "org:write", "org:delete", "secrets:write"]),
};

/** A key's scope: one capability, `read` for everything that only looks, or `*` for everything its owner may do. */
export const scopeSchema = z.enum(["*", "read", ...CAPABILITIES]);
export type Scope = z.infer<typeof scopeSchema>;

const READS: ReadonlySet<Capability> = new Set<Capability>([
  ...VIEW,
  "me:read",
  "orgs:list",
  "data:read",
  "secrets:read",
]);

/** Whether a key with these scopes covers a capability. */
export function scopesAllow(scopes: readonly Scope[], capability: Capability): boolean {
  return scopes.some((scope) => scope === "*" || scope === capability || (scope === "read" && READS.has(capability)));
}
