import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import type { ExecutionRecord } from "../../../contracts/execution.ts";
import { rememberSecret } from "../capabilities/redaction.ts";
import type { RouterEnv } from "../env.ts";
import { deliverLog } from "../log/delivery.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const SECRET = "hunter2-hunter2";
let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

/** All that the log was handed of the org, as text. */
async function logged(): Promise<{ text: string; records: ExecutionRecord[] }> {
  await scheduler.wait(20);
  await deliverLog((env as unknown as RouterEnv).STATE);
  const own = (await authority.takeLog()).filter(({ orgId }) => orgId === tenant.orgId);
  const records = own.flatMap(({ segments }) =>
    segments.flatMap(({ records }) => JSON.parse(records) as ExecutionRecord[]),
  );
  return { text: JSON.stringify(own), records };
}

describe("a secret that a script has read", () => {
  it.each([
    ["throws it", `throw new Error("bad key ${SECRET}")`],
    ["prints it and fails", `console.log("key", "${SECRET}"); throw new Error("no")`],
    ["answers it in a header", `return new Response("ok", { headers: { "x-key": "${SECRET}" } })`],
    ["answers it in the body of a failure", `return new Response("${SECRET}", { status: 500 })`],
  ])("does not get into the log where the script %s", async (_, body) => {
    rememberSecret(tenant.orgId, SECRET);
    await tenant.deploy(`export default () => { ${body} }`);
    await (await tenant.get("/")).text();
    const { text, records } = await logged();
    expect(records).toHaveLength(1);
    expect(text).not.toContain(SECRET);
    expect(text).toContain("[redacted]");
  });

  it("does not get into the log by the path, a head or the body of a request", async () => {
    rememberSecret(tenant.orgId, SECRET);
    await tenant.deploy(`export default () => 1`);
    await (await tenant.fetch(`/?k=${SECRET}`, { method: "POST", headers: { "x-a": SECRET }, body: SECRET })).text();
    const { text, records } = await logged();
    expect(text).not.toContain(SECRET);
    expect(records[0]).toMatchObject({
      path: "/?k=[redacted]",
      request: { headers: { "x-a": "[redacted]" }, body: { text: "[redacted]" } },
    });
  });

  it("is no secret of another org", async () => {
    rememberSecret("org_other", SECRET);
    await tenant.deploy(`export default () => { throw new Error("bad key ${SECRET}") }`);
    await (await tenant.get("/")).text();
    expect((await logged()).text).toContain(SECRET);
  });
});
