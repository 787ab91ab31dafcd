import { describe, expect, it } from "vitest";

import type { Endpoint } from "../../contracts/api/endpoint.ts";
import { ENDPOINTS } from "../../contracts/api/index.ts";
import { openApi } from "../../workers/control-plane/openapi.ts";
import { addressOf, Names, queryOf } from "./address.ts";
import type { Caller } from "./callers.ts";
import { readDocument } from "./document.ts";
import { judge, type Seen } from "./judge.ts";
import { type Standing, type Verdict, verdictOn } from "./rights.ts";
import { casesOf } from "./run.ts";
import { sampleOf, sampleOfChange } from "./sample.ts";
import { changesOf } from "./state.ts";

const DOCUMENT = openApi({ PUBLIC_URL: "http://app.localhost:8787", VERSION: "1.0.0" });
const { operations, roles } = readDocument(DOCUMENT);
const operation = (id: string) => {
  const found = operations.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
};

describe("the document", () => {
  it("has every endpoint, and says of each what it needs", () => {
    expect(operations.map(({ id }) => id).sort()).toEqual(Object.keys(ENDPOINTS).sort());
    for (const { id, capability } of operations) {
      expect([id, capability]).toEqual([id, (ENDPOINTS as Record<string, Endpoint>)[id]?.capability]);
    }
  });

  it.each(["x-isola-capability", "x-isola-scope"])("is not read when an operation lacks its %s", (extension) => {
    const broken = structuredClone(DOCUMENT) as { paths: Record<string, Record<string, Record<string, unknown>>> };
    delete broken.paths["/me"]?.["get"]?.[extension];
    expect(() => readDocument(broken)).toThrow(extension);
  });

  it("is not read when an operation in an org says that it is open", () => {
    const broken = structuredClone(DOCUMENT) as { paths: Record<string, Record<string, Record<string, unknown>>> };
    Object.assign(broken.paths["/orgs/{slug}"]?.["get"] ?? {}, { "x-isola-scope": "open", "x-isola-capability": null });
    expect(() => readDocument(broken)).toThrow(/open/);
  });
});

describe("bodies, paths and queries", () => {
  it("are made for every operation there is", async () => {
    for (const each of operations) {
      expect(await addressOf(each, "victim", null)).not.toMatch(/[{}]/);
      const required = each.queryParameters.filter((parameter) => parameter.required).map(({ name }) => name);
      expect([...new URLSearchParams(queryOf(each, false)).keys()]).toEqual(required);
      if (each.body !== null) expect(sampleOf(each.body)).toBeDefined();
    }
  });

  it("are what the schemas of the API take, where no rule goes beyond its schema", () => {
    const taken = operations.filter(({ id, body }) => {
      const endpoint = (ENDPOINTS as Record<string, Endpoint>)[id];
      return body !== null && endpoint?.body.safeParse(sampleOf(body)).success === true;
    });
    const all = operations.filter(({ body }) => body !== null);
    expect(taken.length / all.length).toBeGreaterThan(0.7);
    for (const id of ["createKey", "createRoute", "putKv", "createDocIndex", "claimOwner"]) {
      expect(taken.map((each) => each.id)).toContain(id);
    }
  });

  it("change something where that is all they do", () => {
    const { body } = operation("patchOrg");
    expect(sampleOf(body ?? {})).toEqual({});
    expect(sampleOfChange(body ?? {})).toEqual({ name: "nothing" });
  });

  it("name what there is, found where it is listed", async () => {
    const asked: string[] = [];
    const names = new Names(async (path) => {
      asked.push(path);
      return path.endsWith("/routes") ? { items: [{ id: "rte_1234" }] } : null;
    });
    expect(await addressOf(operation("deleteRoute"), "victim", names)).toBe("/orgs/victim/routes/rte_1234");
    expect(await addressOf(operation("getKv"), "victim", names)).toBe("/orgs/victim/kv/kept/kept");
    expect(asked).toEqual(["/orgs/victim/routes", "/orgs/victim/kv", "/orgs/victim/kv/kept"]);
  });
});

describe("verdicts", () => {
  const viewer: Standing = { platform: "member", org: "viewer", scopes: null, bound: null };
  it.each<[string, string, Partial<Standing>, Verdict]>([
    ["a viewer reads", "listScripts", {}, "allowed"],
    ["a viewer does not write", "putScript", {}, "forbidden"],
    ["a stranger sees nothing", "listScripts", { org: null }, "absent"],
    ["a partner sees what it made only", "listScripts", { platform: "partner", org: null }, "absent"],
    ["an admin of the platform sees every org", "putScript", { platform: "admin", org: null }, "allowed"],
    ["a key of another org sees nothing", "listScripts", { platform: "owner", bound: "elsewhere" }, "absent"],
    ["a key does what its scope says", "putScript", { platform: "owner", scopes: ["read"] }, "forbidden"],
    ["a key of an org makes no other", "createOrg", { platform: "owner", bound: "here" }, "forbidden"],
    ["a member makes no org", "createOrg", {}, "forbidden"],
    ["what is open is open", "getSetup", { org: null }, "open"],
  ])("are: %s", (_, id, standing, verdict) => {
    expect(verdictOn({ ...viewer, ...standing }, operation(id), roles)).toBe(verdict);
  });
});

describe("the judge", () => {
  const nowhere = { code: "not_found", message: "There is no such org.", details: {} };
  const seen = (status: number, code: string, details = {}, message = "", headers = {}): Seen => ({
    status,
    headers: { "www-authenticate": "Bearer", ...headers },
    text: JSON.stringify({ error: { code, message, details } }),
  });
  const fine: Seen = { status: 200, headers: {}, text: "{}" };
  const capability = "scripts:write";
  const hidden = seen(404, "not_found", {}, nowhere.message);

  it.each<[Verdict, Seen]>([
    ["unauthenticated", seen(401, "unauthenticated")],
    ["absent", hidden],
    ["forbidden", seen(403, "forbidden", { capability })],
    ["other_site", seen(403, "forbidden")],
    ["missing", seen(404, "not_found", {}, "You have no such key.")],
    ["allowed", fine],
    ["allowed", seen(404, "not_found", {}, "There is no such script.")],
    ["allowed", seen(422, "invalid")],
    ["open", fine],
  ])("lets %s pass as it has to be", (verdict, answer) => {
    expect(judge(answer, verdict, { capability }, nowhere)).toBeNull();
  });

  it.each<[string, Verdict, Seen]>([
    ["success without credentials", "unauthenticated", fine],
    ["a look at the body before the credentials", "unauthenticated", seen(422, "invalid")],
    ["success in another's org", "absent", fine],
    ["a hint that another's org is there", "absent", seen(403, "forbidden", { capability })],
    ["another word for another's org", "absent", seen(404, "not_found", {}, "There is no such script.")],
    ["more details for another's org", "absent", seen(404, "not_found", { slug: "victim" }, nowhere.message)],
    ["success beyond the role", "forbidden", fine],
    ["a refusal for another capability", "forbidden", seen(403, "forbidden", { capability: "scripts:read" })],
    ["success for another site", "other_site", fine],
    ["a refusal for the rights, not for the site", "other_site", seen(403, "forbidden", { capability })],
    ["somebody else's thing", "missing", fine],
    ["a refusal of who may", "allowed", seen(403, "forbidden", { capability })],
    ["an org that is hidden from its own", "allowed", hidden],
    ["a failure", "allowed", seen(500, "internal")],
    ["what the matrix itself did wrong", "allowed", seen(415, "unsupported_media_type")],
    ["credentials asked for where none are needed", "open", seen(401, "unauthenticated")],
    ["an answer that other sites can read", "open", { ...fine, headers: { "access-control-allow-origin": "*" } }],
  ])("finds %s", (_, verdict, answer) => {
    expect(judge(answer, verdict, { capability }, nowhere)).not.toBeNull();
  });

  it("knows what is open to a proof of its own, which nobody here has", () => {
    const proved = operations.filter(({ ownProof }) => ownProof);
    expect(proved.map(({ id }) => id).sort()).toEqual(["acceptInvitation", "enrolMachine", "machineHeartbeat"]);
    const ownProof = { capability: null, ownProof: true };
    expect(judge(seen(401, "unauthenticated"), "open", ownProof, nowhere)).toBeNull();
    expect(judge(fine, "open", ownProof, nowhere)).toMatch(/without its own proof/);
  });
});

describe("the cases", () => {
  const caller = (verdict: Verdict | null): Caller => ({
    name: "somebody",
    headers: () => ({}),
    verdict: () => verdict,
  });

  it("hold every endpoint, refusals a second time unreadable, and what is allowed last", () => {
    const cases = casesOf(operations, [caller("allowed"), caller("unauthenticated"), caller(null)]);
    const refused = cases.filter(({ verdict }) => verdict === "unauthenticated");
    expect(new Set(refused.map(({ operation }) => operation.id)).size).toBe(operations.length);
    expect(refused.filter(({ broken }) => broken).length).toBeGreaterThan(operations.length / 2);
    expect(cases.slice(0, refused.length)).toEqual(refused);
    expect(cases).toHaveLength(refused.length + operations.length);
  });

  it("are compared by what is there before and after", () => {
    expect(changesOf(new Set(["a", "b"]), new Set(["b", "c"]))).toEqual(["- a", "+ c"]);
  });
});
