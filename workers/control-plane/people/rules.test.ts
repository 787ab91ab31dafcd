import { describe, expect, test } from "vitest";

import { ORG_ROLES, type OrgRole, PERSON_ROLES, PLATFORM_ROLES } from "../../../contracts/rights.ts";
import {
  actingRole,
  isOrgRoleAbove,
  refusalToChangeMember,
  refusalToChangePerson,
  refusalToGrant,
  refusalToGrantOnPlatform,
} from "./rules.ts";

/** Marks what is allowed: one line a role that acts, one column a role that is given. */
const table = <A, B>(acting: readonly A[], given: readonly B[], refusal: (a: A, b: B) => string | null): string[] =>
  acting.map((a) => `${String(a).padEnd(10)}${given.map((b) => (refusal(a, b) === null ? "+" : "-")).join("")}`);

test("platform owners and admins act as owners of every org, others by the role they have in it", () => {
  const acting = (role: OrgRole | null) => PLATFORM_ROLES.map((platform) => actingRole(platform, role));
  expect(acting(null)).toEqual(["owner", "owner", null, null]);
  expect(acting("viewer")).toEqual(["owner", "owner", "viewer", "viewer"]);
});

test("an org's owners give every role, its admins every one but owner, and others none", () => {
  expect(ORG_ROLES).toEqual(["owner", "admin", "developer", "viewer"]);
  expect(table([...ORG_ROLES, null], ORG_ROLES, refusalToGrant)).toEqual([
    "owner     ++++",
    "admin     -+++",
    "developer ----",
    "viewer    ----",
    "null      ----",
  ]);
});

describe("a membership of somebody else", () => {
  const change = (acting: OrgRole | null, to: OrgRole | null) => (_: OrgRole | null, from: OrgRole) =>
    refusalToChangeMember({ acting, self: false, from, to });

  test.each([
    ["owner", ["++++", "++++", "++++", "++++", "++++"]],
    ["admin", ["----", "-+++", "-+++", "-+++", "-+++"]],
    ["developer", ["----", "----", "----", "----", "----"]],
    ["viewer", ["----", "----", "----", "----", "----"]],
    [null, ["----", "----", "----", "----", "----"]],
  ] as const)(
    "changes by %s only as the table says: lines are new roles and removal, columns the old",
    (acting, rows) => {
      const marks = [...ORG_ROLES, null].map((to) => table([null], ORG_ROLES, change(acting, to))[0]?.slice(10));
      expect(marks).toEqual(rows);
    },
  );
});

describe("one's own membership", () => {
  const own = (from: OrgRole, to: OrgRole | null, acting: OrgRole = from) =>
    refusalToChangeMember({ acting, self: true, from, to });

  test.each(ORG_ROLES)("of a role as %s can always be left", (role) => {
    expect(own(role, null)).toBeNull();
  });

  test("is never raised, not even by who acts as an owner", () => {
    for (const from of ORG_ROLES) {
      for (const to of ORG_ROLES) if (isOrgRoleAbove(to, from)) expect(own(from, to, "owner")).toMatch(/own role/);
    }
  });

  test("can be lowered by who decides about people", () => {
    expect([own("owner", "viewer"), own("admin", "developer")]).toEqual([null, null]);
    expect(own("developer", "viewer")).not.toBeNull();
  });
});

describe("on the platform", () => {
  test("owners give every role, admins every one but owner, and others none", () => {
    expect(table(PLATFORM_ROLES, PERSON_ROLES, refusalToGrantOnPlatform)).toEqual([
      "owner     +++",
      "admin     -++",
      "member    ---",
      "partner   ---",
    ]);
  });

  test("admins cannot touch owners, and nobody but an owner makes one", () => {
    const changes = PERSON_ROLES.flatMap((from) => PERSON_ROLES.map((to) => ({ from, to })));
    const by = (acting: (typeof PLATFORM_ROLES)[number]) =>
      changes
        .filter((change) => refusalToChangePerson({ acting, self: false, ...change }) === null)
        .map(({ from, to }) => `${from}>${to}`);
    expect(by("owner")).toHaveLength(9);
    expect(by("admin")).toEqual(["admin>admin", "admin>member", "member>admin", "member>member"]);
    expect([by("member"), by("partner")]).toEqual([[], []]);
  });

  test("nobody raises their own role", () => {
    const own = { acting: "admin", self: true, from: "admin" } as const;
    expect(refusalToChangePerson({ ...own, to: "owner" })).toMatch(/own role/);
    expect(refusalToChangePerson({ ...own, to: "member" })).toBeNull();
  });
});
