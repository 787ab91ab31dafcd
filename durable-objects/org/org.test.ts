import { describe, expect, it } from "vitest";

import { ada, door, openedOrg, published, upload } from "../testing/harness.ts";

describe("saving a script", () => {
  it("is live and published when it returns", async () => {
    const { orgId, slug } = await openedOrg();
    const { script, created } = await door.saveScript(orgId, ada, upload("one"));
    expect(created).toBe(true);
    expect(script.live.number).toBe(1);
    expect((await published(slug))?.scripts[script.id]?.versionId).toBe(script.live.id);
  });
});
