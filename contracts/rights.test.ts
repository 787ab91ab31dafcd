import { describe, expect, it } from "vitest";

import type { Endpoint } from "./api/endpoint.ts";
import { ENDPOINTS } from "./api/index.ts";
import {
  CAPABILITIES,
  ORG_ROLE_CAPABILITIES,
  ORG_ROLES,
  PLATFORM_ROLE_CAPABILITIES,
  scopesAllow,
  scopeSchema,
  type Capability,
} from "./rights.ts";

const allowed = (...scopes: Parameters<typeof scopesAllow>[0]) =>
  CAPABILITIES.filter((capability) => scopesAllow(scopes, capability));

/** Everything that changes something or runs a script. */
const CHANGES: Capability[] = CAPABILITIES.filter(
  (capability) => !/:(?:read|list)$|^platform:(?:audit|usage)$/.test(capability),
);

describe("org roles", () => {
  it("each include everything of the role below", () => {
    const ascending = ORG_ROLES.toReversed();
    for (const [index, role] of ascending.entries()) {
      const below = ascending[index - 1];
      if (below === undefined) continue;
      expect([...ORG_ROLE_CAPABILITIES[role]]).toEqual(expect.arrayContaining([...ORG_ROLE_CAPABILITIES[below]]));
      expect(ORG_ROLE_CAPABILITIES[role].size).toBeGreaterThan(ORG_ROLE_CAPABILITIES[below].size);
    }
  });

  it("let a viewer change nothing, but come and go", () => {
    const changes = CHANGES.filter((capability) => ORG_ROLE_CAPABILITIES.viewer.has(capability));
    expect(changes).toEqual(["org:open", "org:leave"]);
  });

  it("leave people and their keys to owners and admins", () => {
    for (const capability of ["members:write", "org:keys", "audit:read"] as const) {
      expect(ORG_ROLES.filter((role) => ORG_ROLE_CAPABILITIES[role].has(capability))).toEqual(["owner", "admin"]);
    }
  });

  it("leave the destruction of an org to its owner", () => {
    expect(ORG_ROLES.filter((role) => ORG_ROLE_CAPABILITIES[role].has("org:delete"))).toEqual(["owner"]);
  });

  it("give nothing outside the org", () => {
    for (const capability of ["orgs:create", "keys:manage", "orgs:list"] as const) {
      expect(ORG_ROLES.filter((role) => ORG_ROLE_CAPABILITIES[role].has(capability))).toEqual([]);
    }
  });
});

describe("platform roles", () => {
  it("let owners do everything, and admins all but what holds for everybody", () => {
    expect([...PLATFORM_ROLE_CAPABILITIES.owner]).toEqual(CAPABILITIES);
    const owners = CAPABILITIES.filter((capability) => !PLATFORM_ROLE_CAPABILITIES.admin.has(capability));
    expect(owners).toEqual(["platform:settings"]);
  });

  it("let a member look after their own account and touch no org", () => {
    const own = ["keys:manage", "me:read", "me:write", "orgs:list", "plans:read"];
    expect([...PLATFORM_ROLE_CAPABILITIES.member].sort()).toEqual(own);
  });

  it("let a partner make orgs, and nothing with people", () => {
    const own = ["keys:manage", "me:read", "orgs:create", "orgs:list", "plans:read"];
    expect([...PLATFORM_ROLE_CAPABILITIES.partner].sort()).toEqual(own);
  });
});

describe("a key's scopes", () => {
  it("allow nothing when there are none", () => {
    expect(allowed()).toEqual([]);
  });

  it("allow everything with *", () => {
    expect(allowed("*")).toEqual(CAPABILITIES);
  });

  it("allow everything that only looks, and nothing else, with read", () => {
    expect(allowed("read")).toEqual(CAPABILITIES.filter((capability) => !CHANGES.includes(capability)));
  });

  it.each(CAPABILITIES)("allow %s and nothing else when they name it alone", (capability) => {
    expect(allowed(capability)).toEqual([capability]);
  });

  it("add up", () => {
    expect(allowed("org:write", "routes:write")).toEqual(["org:write", "routes:write"]);
  });

  it.each(["", "**", "write", "scripts:*", "org:destroy", "constructor"])("cannot be %j", (scope) => {
    expect(scopeSchema.safeParse(scope).success).toBe(false);
  });
});

/** Endpoints that answer anybody. A new one makes the platform reachable for strangers: think twice. */
const OPEN = [
  "acceptInvitation",
  "claimOwner",
  "enrolMachine",
  "getSetup",
  "lookAtInvitation",
  "machineHeartbeat",
  "signUp",
];
/** What the platform's admins alone do inside an org. */
const ADMINS_ONLY = new Set<Capability>(["platform:secrets", "orgs:limit"]);

describe("endpoints", () => {
  it("that change something ask for a capability beyond looking", () => {
    const questions = ["checkRoute", "matchRoute", "getKvBatch", "queryDocs", "countDocs", "previewTrigger"];
    const harmless = new Set([...questions, ...OPEN]);
    const loose = Object.values(ENDPOINTS)
      .filter((endpoint) => endpoint.method !== "GET" && !harmless.has(endpoint.id))
      .filter((endpoint) => endpoint.capability === null || !CHANGES.includes(endpoint.capability));
    expect(loose.map((endpoint) => endpoint.id)).toEqual([]);
  });

  it("stay behind a capability except for the ways to an account, and of a machine with proof of its own", () => {
    const open = Object.values<Endpoint>(ENDPOINTS).filter((endpoint) => endpoint.capability === null);
    expect(open.map((endpoint) => endpoint.id).sort()).toEqual(OPEN);
  });

  it("in an org ask for what org roles have, and elsewhere for what platform roles have", () => {
    const inOrgs = ORG_ROLES.flatMap((role) => [...ORG_ROLE_CAPABILITIES[role]]);
    const misplaced = Object.values<Endpoint>(ENDPOINTS).filter(
      ({ capability, path }) =>
        capability !== null && path.includes("{slug}") !== inOrgs.includes(capability) && !ADMINS_ONLY.has(capability),
    );
    expect(misplaced.map((endpoint) => endpoint.id)).toEqual([]);
  });
});
