import { describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import { aKey, AT } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

const ID = newId("user");
const aPartner = (active = true) => ({
  id: ID,
  name: "Acme",
  active,
  deactivatedAt: active ? null : AT,
  orgs: 3,
  keys: 1,
  createdAt: AT,
});

describe("partners", () => {
  it("are made with a word on what comes next, listed and deactivated", async () => {
    const { isola } = await workplace({
      createPartner: () => aPartner(),
      listPartners: () => page([aPartner()]),
      patchPartner: ({ body }) => aPartner(body.active === true),
    });
    const made = await isola(["partners", "create", "Acme"]);
    expect(made.out).toBe(`Acme is ${ID}.\n`);
    expect(made.err).toContain(`isola partners create-key ${ID}`);
    expect((await isola(["partners", "list"])).out).toMatch(/Acme +active +3 +1/);
    expect((await isola(["partners", "deactivate", ID])).code).toBe(2);
    expect((await isola(["partners", "deactivate", ID, "--yes"])).out).toBe("Acme is deactivated; its orgs go on.\n");
    expect((await isola(["partners", "activate", ID])).out).toContain("Acme is active");
  });

  it("have keys that are shown once, with a rate of their own", async () => {
    const key = { ...aKey("production"), requestsPerMinute: 600 };
    const { isola, plane } = await workplace({
      createPartnerKey: () => ({ ...key, key: "isola_secret" }),
      listPartnerKeys: () => page([key]),
      revokePartnerKey: () => undefined,
    });
    const words = ["partners", "create-key", ID, "--name", "production", "--requests-per-minute", "600"];
    const made = await isola([...words, "--scope", "orgs:create"]);
    expect(made.out).toBe("isola_secret\n");
    expect(plane.seen[0]?.body).toEqual({ name: "production", scopes: ["orgs:create"], requestsPerMinute: 600 });
    expect((await isola(["partners", "list-keys", ID])).out).toMatch(/production +isola_abc +\* +- +600 +never/);
    await isola(["partners", "revoke-key", ID, key.id]);
    expect(plane.seen.at(-1)?.path).toBe(`/api/v1/partners/${ID}/keys/${key.id}`);
  });
});

describe("keys", () => {
  it("are renamed, and given or relieved of a rate", async () => {
    const { isola, plane } = await workplace({
      patchKey: ({ body }) => ({ ...aKey("ci"), requestsPerMinute: body.requestsPerMinute ?? null }),
    });
    const { id } = aKey("ci");
    expect((await isola(["keys", "update", id, "--requests-per-minute", "60"])).out).toMatch(/ci .* 60 /);
    await isola(["keys", "update", id, "--no-rate", "--name", "ci"]);
    expect(plane.seen.map(({ body }) => body)).toEqual([
      { requestsPerMinute: 60 },
      { name: "ci", requestsPerMinute: null },
    ]);
    expect((await isola(["keys", "update", id])).code).toBe(2);
    expect((await isola(["keys", "update", id, "--no-rate", "--requests-per-minute", "1"])).code).toBe(2);
  });

  it("of an org are listed with who made them, and revoked", async () => {
    const key = { ...aKey("ci"), owner: { id: ID, name: "Grace" } };
    const { isola, plane } = await workplace({ listOrgKeys: () => page([key]), revokeOrgKey: () => undefined });
    expect((await isola(["keys", "list", "--org", "hello"])).out).toMatch(/^key_.* Grace$/m);
    await isola(["keys", "revoke", key.id, "--org", "hello"]);
    expect(plane.seen.at(-1)?.path).toBe(`/api/v1/orgs/hello/keys/${key.id}`);
  });
});
