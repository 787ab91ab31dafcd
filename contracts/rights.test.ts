import { describe, expect, it } from "vitest";

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
const CHANGES: Capability[] = CAPABILITIES.filter((capability) => !/:(?:read|list)$/.test(capability));

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

  it("let a viewer change nothing", () => {
    expect(CHANGES.filter((capability) => ORG_ROLE_CAPABILITIES.viewer.has(capability))).toEqual([]);
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
  it("let owners and admins do everything", () => {
    expect([...PLATFORM_ROLE_CAPABILITIES.owner]).toEqual(CAPABILITIES);
    expect([...PLATFORM_ROLE_CAPABILITIES.admin]).toEqual(CAPABILITIES);
  });

  it("let a member look after their own account and touch no org", () => {
    expect([...PLATFORM_ROLE_CAPABILITIES.member].sort()).toEqual(["keys:manage", "me:read", "orgs:list"]);
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

describe("endpoints", () => {
  it("that change something ask for a capability beyond looking", () => {
    const questions = ["checkRoute", "matchRoute", "getKvBatch", "queryDocs", "countDocs", "previewTrigger"];
    const harmless = new Set([...questions, "claimOwner"]);
    const loose = Object.values(ENDPOINTS)
      .filter((endpoint) => endpoint.method !== "GET" && !harmless.has(endpoint.id))
      .filter((endpoint) => endpoint.capability === null || !CHANGES.includes(endpoint.capability));
    expect(loose.map((endpoint) => endpoint.id)).toEqual([]);
  });

  it("stay behind a capability except for the first owner's claim", () => {
    const open = Object.values(ENDPOINTS).filter((endpoint) => endpoint.capability === null);
    expect(open.map((endpoint) => endpoint.id)).toEqual(["getSetup", "claimOwner"]);
  });
});
