import { describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import { AT } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

const HASH = "a".repeat(64);
const anEntry = (action: string, details: Record<string, unknown> = {}) => ({
  id: newId("audit"),
  at: AT,
  actor: { type: "user" as const, id: newId("user"), name: "Ada" },
  action,
  target: "hello",
  orgId: null,
  details,
  address: null,
  requestId: null,
  chain: "platform",
  seq: 1,
  prevHash: "",
  hash: HASH,
});

describe("the audit log", () => {
  it("of an org is listed, by what is asked for", async () => {
    const { isola, plane } = await workplace({
      listOrgAudit: () => page([anEntry("org.rename", { before: "a", after: "b" })]),
    });
    const { out } = await isola(["audit", "list", "--action", "org.", "--from", "2026-11-01", "--actor", "Ada"]);
    expect(out).toMatch(/^2026-\S+ \S+ +Ada +org\.rename +hello +\{"before":"a","after":"b"\}$/m);
    const from = Date.UTC(2026, 10, 1);
    expect(plane.seen[0]?.path).toBe(`/api/v1/orgs/hello/audit?limit=50&actor=Ada&action=org.&from=${from}`);
    expect((await isola(["audit", "list", "--from", "yesterday"])).code).toBe(2);
  });

  it("of the platform is listed and exported", async () => {
    const { isola, plane } = await workplace({ listAudit: () => page([]), exportAudit: () => '{"seq":1}\n' });
    expect((await isola(["audit", "list", "--platform", "--org", "shop"])).out).toBe("Nothing matches.\n");
    expect(plane.seen[0]?.path).toBe("/api/v1/audit?limit=50&org=shop");
    expect((await isola(["audit", "export", "--platform", "--format", "csv"])).out).toBe('{"seq":1}\n');
    expect(plane.seen[1]?.path).toBe("/api/v1/audit/export?format=csv");
    const json = await isola(["audit", "export", "--platform", "--output", "json"]);
    expect(JSON.parse(json.out)).toEqual([{ seq: 1 }]);
    expect((await isola(["audit", "export", "--format", "xml"])).code).toBe(2);
  });

  it("is verified page by page, and a broken one is bad news", async () => {
    const head = { chain: "platform", seq: 7, hash: HASH };
    let broken = false;
    const { isola, plane } = await workplace({
      verifyOrgAudit: ({ query }) => {
        if (query.cursor === undefined) return { ok: true, entries: 5, head, broken: null, cursor: "next" };
        const fault = { chain: "platform", seq: 6, reason: "missing" as const, message: "An entry is missing." };
        return { ok: !broken, entries: 2, head, broken: broken ? fault : null, cursor: null };
      },
    });
    const whole = await isola(["audit", "verify", "--noted", `7:${HASH}`]);
    expect(whole.code).toBe(0);
    expect(whole.out).toBe(`7 entries, all as they were written. The last of platform is 7:${HASH}\n`);
    expect(plane.seen[1]?.path).toBe(`/api/v1/orgs/hello/audit/verify?cursor=next&seq=7&hash=${HASH}`);
    broken = true;
    const cut = await isola(["audit", "verify"]);
    expect(cut).toMatchObject({ code: 1, out: "Broken at 6 of platform: An entry is missing.\n" });
    expect((await isola(["audit", "verify", "--noted", "7"])).code).toBe(2);
  });
});
