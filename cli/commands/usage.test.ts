import { describe, expect, it } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { AT } from "../testing/things.ts";
import { page, workplace } from "../testing/workplace.ts";

const used = { requests: 10, executions: 12, failures: 1, cpuMs: 3.7, refused: 0, storageBytes: 2048, cost: null };

describe("usage", () => {
  it("of an org is shown by the step that is asked for, with its sum", async () => {
    const { isola, plane } = await workplace({
      getUsage: () => ({ from: AT, to: AT, items: [{ at: Date.UTC(2026, 10, 21, 10), ...used }], total: used }),
    });
    const { out } = await isola(["usage", "--by", "hour", "--from", "2026-11-21"]);
    expect(out).toMatch(/^2026-11-21 10:00 +10 +12 +1 +0 +4 +2\.0 KB$/m);
    expect(out).toMatch(/^total +10 /m);
    expect(plane.seen[0]?.path).toBe(`/api/v1/orgs/hello/usage?from=${Date.UTC(2026, 10, 21)}&by=hour`);
    expect((await isola(["usage"])).out).toMatch(/^2026-11-21 +10 /m);
    expect((await isola(["usage", "--by", "week"])).code).toBe(2);
  });

  it("is shown with its cost where it has one", async () => {
    const parts = { requests: 1_250_000, executions: 0, cpuMs: 0, storage: 125 };
    const cost = { currency: "EUR", micros: 1_250_125, parts };
    const { isola } = await workplace({
      getUsage: () => ({ from: AT, to: AT, items: [{ at: AT, ...used, cost }], total: { ...used, cost } }),
    });
    const { out } = await isola(["usage"]);
    expect(out).toMatch(/STORED +COST$/m);
    expect(out).toMatch(/^total .* 2\.0 KB +1\.250125 EUR$/m);
  });

  it("of the platform is shown by org, also of those that are gone", async () => {
    const gone = newId("org");
    const { isola } = await workplace({
      listUsage: () =>
        page([
          { org: { id: newId("org"), slug: "hello" }, ...used },
          { org: { id: gone, slug: null }, ...used, storageBytes: null },
        ]),
    });
    const { out } = await isola(["usage", "--platform"]);
    expect(out).toMatch(/^hello +10 /m);
    expect(out).toMatch(new RegExp(`^\\(${gone}\\) +10 .* -$`, "m"));
  });
});

describe("signing keys", () => {
  it("are rotated, and revoked only when it is confirmed", async () => {
    const key = { id: "one", activeFrom: AT, expiresAt: AT };
    const { isola, plane } = await workplace({ rotateSigningKeys: () => ({ items: [key] }) });
    const words = ["platform", "rotate-signing-keys"];
    expect((await isola(words)).out).toMatch(/^one +2026-/m);
    expect((await isola([...words, "--revoke"])).code).toBe(2);
    await isola([...words, "--revoke", "--yes"]);
    expect(plane.seen.map(({ body }) => body)).toEqual([{ revoke: false }, { revoke: true }]);
  });
});
