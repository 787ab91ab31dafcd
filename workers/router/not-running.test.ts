import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import type { DispatchDoor } from "../../contracts/doors.ts";
import type { ErrorBody } from "../../contracts/errors.ts";
import type { ProvisionProgress } from "../../contracts/machines.ts";
import { authority, newTenant, type Tenant } from "./testing/tenant.ts";

const { Dispatch } = exports as unknown as { Dispatch: DispatchDoor };

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

const errorOf = async (response: Response): Promise<ErrorBody["error"]> => (await response.json<ErrorBody>()).error;
const asBrowser = { headers: { accept: "text/html" } };
const PROGRESS: ProvisionProgress = { state: "starting", step: "start", done: 4, total: 7, startedAt: 1 };

describe("an org that is being set up", () => {
  it("asks a browser to wait on a page that looks again by itself and says the step", async () => {
    await authority.setAnswers("provisionProgress", [{ value: PROGRESS }]);
    await tenant.publish("starting");
    const response = await tenant.fetch("/", asBrowser);
    const html = await response.text();
    expect(response.status).toBe(503);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(html).toContain(`<meta http-equiv="refresh" content="2">`);
    expect(html).toContain("Starting its machine.");
    expect(html).toContain(`<progress value="4" max="7"`);
    expect(html).toContain("aria-live");
    expect(html).toContain("prefers-reduced-motion");
    expect(html).not.toContain("<script");
  });

  it("asks everybody else to by 503, Retry-After and JSON with the step", async () => {
    await authority.setAnswers("provisionProgress", [{ value: PROGRESS }]);
    await tenant.publish("provisioning");
    const response = await tenant.get("/x");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    const { code, message, details } = await errorOf(response);
    expect(code).toBe("unavailable");
    expect(message).toContain("Starting its machine");
    expect(details).toMatchObject({ state: "provisioning", step: "start", done: 4, total: 7 });
  });

  it("does so as well while nobody can say how far it is", async () => {
    await authority.setFailing(["provisionProgress"]);
    await tenant.publish("provisioning");
    expect(await (await tenant.fetch("/", asBrowser)).text()).toContain(`content="2"`);
    expect((await errorOf(await tenant.get("/"))).details).toMatchObject({ state: "provisioning", step: null });
  });

  it("asks how far it is twice a second, however many wait", async () => {
    await authority.setAnswers("provisionProgress", [{ value: PROGRESS }]);
    await tenant.publish("starting");
    await authority.takeAsked("provisionProgress");
    for (let index = 0; index < 10; index++) await (await tenant.get("/")).text();
    expect((await authority.takeAsked("provisionProgress")).length).toBeLessThanOrEqual(2);
  });

  it("becomes the tenant once it runs", async () => {
    await tenant.deploy(`export default () => "here I am"`);
    await tenant.publish("starting");
    expect((await tenant.get("/")).status).toBe(503);
    await tenant.publish("running");
    expect(await (await tenant.get("/")).json()).toBe("here I am");
  });
});

describe("an org that does not run", () => {
  it.each([
    ["suspended", "is suspended"],
    ["failed", "could not be set up"],
  ] as const)("because it is %s says so, with 503 and in words", async (state, words) => {
    await tenant.deploy(`export default () => 1`);
    await tenant.publish(state);
    const response = await tenant.get("/");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("10");
    const { code, message, details } = await errorOf(response);
    expect({ code, details }).toMatchObject({ code: "unavailable", details: { state } });
    expect(message).toContain(words);
    expect(await (await tenant.fetch("/", asBrowser)).text()).toContain(words);
  });

  it("still says that the platform is there, unless it is being destroyed", async () => {
    for (const state of ["provisioning", "starting", "suspended", "failed"] as const) {
      await tenant.publish(state);
      expect((await tenant.get("/.isola/healthz")).status).toBe(200);
      expect((await tenant.get("/.isola/version?x")).status).toBe(200);
      for (const path of ["/.isola/sign-in", "/.isola/v1/me", "/.isola/healthz/x"]) {
        expect((await tenant.get(path)).status).toBe(503);
      }
    }
    await tenant.publish("destroying");
    expect((await tenant.get("/.isola/healthz")).status).toBe(404);
  });

  it("runs nothing for an event either, and has it asked for again", async () => {
    const script = await tenant.deploy(`export default () => 1`);
    const work = {
      type: "request" as const,
      run: {
        executionId: "exe_00000000000000000000000001",
        method: "GET",
        path: "/",
        headers: {},
        body: null,
        bodyEncoding: "utf8" as const,
        params: {},
        depth: 0,
        invokeDepth: 0,
        causedBy: null,
        scriptId: script.id,
      },
    };
    const { orgId, slug } = tenant;
    const deliver = () => Dispatch.deliver({ orgId, slug, scriptId: script.id, work });
    expect(await deliver()).toMatchObject({ outcome: "ok" });
    await tenant.publish("suspended");
    expect(await deliver()).toMatchObject({ outcome: "saturated", retryAfterMs: 10_000 });
    await tenant.publish("destroying");
    expect(await deliver()).toMatchObject({ outcome: "refused", code: "not_found" });
    await tenant.publish("running");
    expect(await deliver()).toMatchObject({ outcome: "ok" });
  });
});
