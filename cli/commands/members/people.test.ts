import { describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import { AT } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

const ADA = newId("user");
const aMember = (email: string, role: "owner" | "viewer" = "viewer") => ({
  id: email.startsWith("ada") ? ADA : newId("user"),
  type: "person" as const,
  email,
  name: "Ada",
  role,
  active: true,
  joinedAt: AT,
});
const anInvitation = (email: string) => ({
  id: newId("invitation"),
  email,
  role: "developer" as const,
  invitedBy: { id: newId("user"), name: "Grace" },
  state: "open" as const,
  createdAt: AT,
  expiresAt: AT,
});
const aPerson = (email: string, active = true) => ({
  id: ADA,
  email,
  name: "Ada",
  role: "member" as const,
  active,
  deactivatedAt: active ? null : AT,
  createdAt: AT,
});

describe("members", () => {
  it("are listed, and told from partners", async () => {
    const partner = { ...aMember("x@partners.invalid", "owner"), type: "partner" as const, name: "Acme" };
    const { isola } = await workplace({ listMembers: () => page([aMember("ada@example.com"), partner]) });
    const { out } = await isola(["members", "list"]);
    expect(out).toMatch(/^usr_\w+ +Ada +ada@example\.com +viewer +active +2026-/m);
    expect(out).toMatch(/Acme +\(partner\) +owner/);
  });

  it("are invited as developers where nothing else is said", async () => {
    const { isola, plane } = await workplace({ inviteMember: ({ body }) => anInvitation(body.email) });
    const { out } = await isola(["members", "invite", "ada@example.com"]);
    expect(out).toMatch(/^ada@example\.com is invited as developer; the link in the mail holds until 2026-/);
    expect(plane.seen[0]).toMatchObject({
      path: "/api/v1/orgs/hello/members",
      body: { email: "ada@example.com", role: "developer" },
    });
    const wrong = await isola(["members", "invite", "ada@example.com", "--role", "viewr"]);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean viewer?") });
    expect(plane.seen).toHaveLength(1);
  });

  it("are named by address or id when their role changes", async () => {
    const { isola, plane } = await workplace({
      listMembers: ({ query }) =>
        query.cursor === undefined
          ? { items: [aMember("bob@example.com")], cursor: "next" }
          : page([aMember("ada@example.com")]),
      patchMember: () => aMember("ada@example.com", "owner"),
    });
    expect((await isola(["members", "set-role", "Ada@example.com", "owner"])).out).toBe("Ada is owner of hello.\n");
    expect(plane.seen.at(-1)).toMatchObject({
      method: "PATCH",
      path: `/api/v1/orgs/hello/members/${ADA}`,
      body: { role: "owner" },
    });
    const unknown = await isola(["members", "set-role", "eve@example.com", "owner"]);
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining("eve@example.com is no member of hello") });
  });

  it("are removed, and leave, only when it is confirmed", async () => {
    const { isola, plane } = await workplace({ removeMember: () => undefined, leaveOrg: () => undefined });
    expect((await isola(["members", "remove", ADA])).code).toBe(2);
    expect((await isola(["members", "leave", "hello"], { answers: ["no"] })).code).toBe(1);
    expect(plane.seen).toEqual([]);
    expect((await isola(["members", "remove", ADA], { answers: [ADA] })).code).toBe(0);
    expect((await isola(["members", "leave", "hello", "--yes"])).out).toBe("You have left hello.\n");
    expect(plane.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `DELETE /api/v1/orgs/hello/members/${ADA}`,
      "POST /api/v1/orgs/hello/leave",
    ]);
  });
});

describe("invitations", () => {
  it("of an org and of the platform are listed, revoked and sent again", async () => {
    const invitation = anInvitation("ada@example.com");
    const { isola, plane } = await workplace({
      listInvitations: () => page([invitation]),
      listPlatformInvitations: () => page([]),
      revokeInvitation: () => undefined,
      revokePlatformInvitation: () => undefined,
      resendInvitation: () => invitation,
    });
    expect((await isola(["invitations", "list"])).out).toMatch(/ada@example\.com +developer +open +Grace/);
    expect((await isola(["invitations", "list", "--platform"])).out).toBe("No invitation to the platform is open.\n");
    await isola(["invitations", "revoke", invitation.id]);
    await isola(["invitations", "revoke", invitation.id, "--platform"]);
    expect((await isola(["invitations", "resend", invitation.id])).out).toContain("is invited as developer");
    expect(plane.seen.slice(2).map(({ path }) => path)).toEqual([
      `/api/v1/orgs/hello/invitations/${invitation.id}`,
      `/api/v1/invitations/${invitation.id}`,
      `/api/v1/orgs/hello/invitations/${invitation.id}/resend`,
    ]);
  });
});

describe("users", () => {
  it("are searched and filtered", async () => {
    const { isola, plane } = await workplace({ listUsers: () => page([aPerson("ada@example.com", false)]) });
    const { out } = await isola(["users", "list", "--search", "ada", "--deactivated", "--role", "member"]);
    expect(out).toMatch(/ada@example\.com +member +deactivated/);
    expect(plane.seen[0]?.path).toBe("/api/v1/users?limit=50&search=ada&role=member&active=false");
    expect((await isola(["users", "list", "--active", "--deactivated"])).code).toBe(2);
  });

  it("are shown with their orgs", async () => {
    const { isola } = await workplace({
      listUsers: () => page([aPerson("ada@example.com")]),
      getUser: () => ({
        ...aPerson("ada@example.com"),
        twoFactorEnabled: true,
        sessions: 2,
        keys: 3,
        orgCount: 1,
        orgs: [{ slug: "hello", role: "owner" as const }],
      }),
    });
    const { out } = await isola(["users", "get", "ada@example.com"]);
    expect(out).toMatch(/^second factor +on$/m);
    expect(out).toContain("hello (owner)");
  });

  it("are invited, given a role, deactivated after a question, and let in again", async () => {
    const { isola, plane } = await workplace({
      inviteUser: ({ body }) => anInvitation(body.email),
      patchUser: ({ body }) => aPerson("ada@example.com", body.active !== false),
      signOutUser: () => undefined,
    });
    await isola(["users", "invite", "ada@example.com", "--role", "admin"]);
    await isola(["users", "set-role", ADA, "owner"]);
    expect((await isola(["users", "deactivate", ADA], { answers: ["no"] })).code).toBe(1);
    expect((await isola(["users", "deactivate", ADA, "-y"])).out).toBe("Ada is deactivated.\n");
    expect((await isola(["users", "activate", ADA])).out).toContain("keys have to be made anew");
    await isola(["users", "sign-out", ADA]);
    expect(plane.seen.map(({ body }) => body)).toEqual([
      { email: "ada@example.com", role: "admin" },
      { role: "owner" },
      { active: false },
      { active: true },
      undefined,
    ]);
  });
});
