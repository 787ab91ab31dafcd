import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { RouterEnv } from "../env.ts";
import { deliverLog } from "../log/delivery.ts";
import { answerOf } from "../testing/answer.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";
import { redactSecrets } from "./redaction.ts";

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  await authority.takeAsked("readSecrets");
  tenant = await newTenant();
});

describe("secrets in a script", () => {
  it("are read by name for the script that asks, undefined where there is none", async () => {
    await authority.setAnswers("readSecrets", [{ value: ["sk_live_1"] }, { value: [null] }]);
    const result = await answerOf(
      tenant,
      "secrets",
      `return [await secrets.get("KEY"), (await secrets.get("NONE")) === undefined, await secrets.require("NONE")];`,
    );
    expect(result).toEqual(["not_found", expect.stringContaining("NONE"), { name: "NONE" }]);
    const script = expect.stringMatching(/^scr_/);
    expect(await authority.takeAsked("readSecrets")).toEqual([
      [tenant.orgId, script, ["KEY"]],
      [tenant.orgId, script, ["NONE"]],
    ]);
  });

  it("are asked for anew after a second, and not before", async () => {
    await authority.setAnswers("readSecrets", [{ value: ["first-value"] }, { value: ["second-value"] }]);
    const result = await answerOf(
      tenant,
      "secrets",
      `const values = [await secrets.get("KEY"), await secrets.get("KEY")];
       await scheduler.wait(1_050);
       return [...values, await secrets.get("KEY")];`,
    );
    expect(result).toEqual(["first-value", "first-value", "second-value"]);
    expect(await authority.takeAsked("readSecrets")).toHaveLength(2);
  });

  it("are not shared between scripts", async () => {
    await authority.setAnswers("readSecrets", [{ value: ["of-one"] }, { value: ["of-other"] }]);
    const source = `import { secrets } from "./.isola/isola.js"; export default () => secrets.get("KEY");`;
    await tenant.deploy(source, { name: "one", routes: ["/one"] });
    await tenant.deploy(source, { name: "other", routes: ["/other"] });
    expect(await (await tenant.get("/one")).json()).toBe("of-one");
    expect(await (await tenant.get("/other")).json()).toBe("of-other");
  });

  it.each(["", "A-B", "1A", "A".repeat(65)])("have no name such as %j", async (name) => {
    expect(await answerOf(tenant, "secrets", `return secrets.get(${JSON.stringify(name)});`)).toMatchObject({
      0: "invalid",
    });
    expect(await authority.takeAsked("readSecrets")).toEqual([]);
  });

  it("are kept out of what their org prints, once they were read", async () => {
    await authority.setAnswers("readSecrets", [{ value: ["sk_live_hidden"] }]);
    await tenant.deploy(`import { secrets } from "./.isola/isola.js";
      export default async () => { console.log("key", { key: await secrets.get("KEY") }); return "ok"; };`);
    await (await tenant.get("/")).text();
    // Lines come from the isolate after the response.
    const printed = await vi.waitFor(async () => {
      await deliverLog((env as unknown as RouterEnv).STATE);
      const batches = (await authority.takeLog()).filter(({ orgId }) => orgId === tenant.orgId);
      const lines = batches.flatMap((batch) => batch.lines);
      expect(lines).not.toEqual([]);
      return lines.join("\n");
    });
    expect(printed).toContain("[redacted]");
    expect(printed).not.toContain("sk_live_hidden");
    expect(redactSecrets(tenant.orgId, "with sk_live_hidden")).toBe("with [redacted]");
  });
});
