import { describe, expect, test } from "vitest";

import type { Resource } from "./driver.ts";
import { judgeListing, type Owners } from "./sweep-judge.ts";

const resource = (name: string, machineId: string | null, orgId: string | null = "org_1"): Resource => ({
  resource: name,
  machineId,
  orgId,
  createdAt: null,
});
const owners = (more: Partial<Owners> = {}): Owners => ({
  machineIds: new Set(["mch_1", "mch_2"]),
  orgIds: new Set(["org_1"]),
  sure: new Set(["mch_1"]),
  ...more,
});

describe("of a listing", () => {
  test("what belongs to no machine that the directory knows is an orphan", () => {
    const left = resource("volume/3", "mch_3");
    const listed = [resource("machine/1", "mch_1"), resource("volume/2", "mch_2"), left];
    expect(judgeListing(listed, owners())).toEqual({ skipped: null, orphans: [left] });
  });

  test("what names only its org is one where the org has nothing here", () => {
    const listed = [resource("machine/1", "mch_1"), resource("app/1", null), resource("app/2", null, "org_2")];
    expect(judgeListing(listed, owners())).toEqual({ skipped: null, orphans: [listed[2]] });
  });

  test("what names nobody is shared, and stays", () => {
    expect(judgeListing([resource("network/1", null, null)], owners({ sure: new Set() }))).toEqual({
      skipped: null,
      orphans: [],
    });
  });

  test("an empty one is not believed while the directory knows machines there", () => {
    expect(judgeListing([], owners())).toEqual({
      skipped: "The directory knows 1 machines there. Its listing came back empty.",
      orphans: [],
    });
    expect(judgeListing([], owners({ sure: new Set() }))).toEqual({ skipped: null, orphans: [] });
  });

  test("one that shows none of those that must be there is not believed either", () => {
    const { skipped, orphans } = judgeListing([resource("machine/9", "mch_9")], owners());
    expect(skipped).toContain("shows none of them");
    expect(orphans).toEqual([]);
  });
});
