import { beforeEach, describe, expect, it } from "vitest";

import type { ErrorBody } from "../../../contracts/errors.ts";
import type { ProjectedMachine } from "../../../contracts/machines.ts";
import { authority } from "../testing/tenant.ts";
import { aMachine, newMachineTenant, reached } from "./testing/up.ts";

beforeEach(async () => {
  await authority.setFailing([]);
  await authority.setAnswers("provisionProgress", [{ value: null }]);
  await authority.takeAsked("wakeMachine");
  await reached();
});

const errorOf = async (response: Response): Promise<ErrorBody["error"]> => (await response.json<ErrorBody>()).error;
const asleep = { state: "stopped", origin: null } as const;
const up = (machine: ProjectedMachine | null) => ({
  value: aMachine({ ...machine, state: "started", origin: "http://10.0.0.9" }),
});

describe("a machine that sleeps", () => {
  it("is woken once by requests that come together, which it then answers all", async () => {
    const tenant = await newMachineTenant(asleep);
    await authority.setAnswers("wakeMachine", [
      { value: { ...tenant.machine, state: "starting" } },
      up(tenant.machine),
    ]);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => tenant.get(`/${index}`)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    for (const answer of answers) expect((await answer.json<{ url: string }>()).url).toContain("http://10.0.0.9/");
    expect((await authority.takeAsked("wakeMachine")).length).toBe(2);
  });

  it("is asked by the address that was heard until another is published", async () => {
    const tenant = await newMachineTenant(asleep);
    await authority.setAnswers("wakeMachine", [up(tenant.machine)]);
    await tenant.get("/");
    expect((await (await tenant.get("/")).json<{ url: string }>()).url).toBe("http://10.0.0.9/");
    tenant.machine = aMachine({ id: tenant.machine?.id ?? "", origin: "http://10.0.0.10" });
    await tenant.publish();
    expect((await (await tenant.get("/")).json<{ url: string }>()).url).toBe("http://10.0.0.10/");
    expect((await authority.takeAsked("wakeMachine")).length).toBe(1);
  });

  it("answers as soon as it is published as up, whatever the directory says", async () => {
    const tenant = await newMachineTenant(asleep);
    await authority.setFailing(["wakeMachine"]);
    const answer = tenant.get("/");
    await scheduler.wait(150);
    tenant.machine = aMachine();
    await tenant.publish();
    expect((await answer).status).toBe(200);
  });

  it("that fails on its way up is said to have failed", async () => {
    const tenant = await newMachineTenant(asleep);
    await authority.setAnswers("wakeMachine", [{ value: { ...tenant.machine, state: "failed" } }]);
    const response = await tenant.get("/");
    expect(response.status).toBe(503);
    expect((await errorOf(response)).details).toMatchObject({ state: "failed" });
  });

  it("keeps who waits too long no longer than that", { timeout: 20_000 }, async () => {
    const tenant = await newMachineTenant(asleep);
    await authority.setAnswers("wakeMachine", [{ value: { ...tenant.machine, state: "starting" } }]);
    const began = Date.now();
    const response = await tenant.get("/");
    expect(Date.now() - began).toBeGreaterThan(9_900);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    expect((await errorOf(response)).details).toMatchObject({ state: "starting" });
  });

  it("holds as many requests as it may, and asks the rest to wait", async () => {
    const tenant = await newMachineTenant(asleep);
    await authority.setAnswers("wakeMachine", [{ value: { ...tenant.machine, state: "starting" } }]);
    const answers = Array.from({ length: 101 }, () => tenant.get("/"));
    expect((await Promise.race(answers)).status).toBe(503);
    tenant.machine = aMachine();
    await tenant.publish();
    const statuses = (await Promise.all(answers)).map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([...Array.from({ length: 100 }, () => 200), 503]);
  });

  it("stays asleep where a request does not wake it, and says so", async () => {
    const tenant = await newMachineTenant({ ...asleep, wake: false });
    const response = await tenant.get("/");
    expect(response.status).toBe(503);
    expect((await errorOf(response)).message).toContain("stopped");
    expect(await authority.takeAsked("wakeMachine")).toEqual([]);
  });

  it("is woken by who asks for a socket, who is told to come again", async () => {
    const tenant = await newMachineTenant(asleep);
    await authority.setAnswers("wakeMachine", [up(tenant.machine)]);
    expect((await tenant.fetch("/", { headers: { upgrade: "websocket" } })).status).toBe(503);
    await expect.poll(async () => (await tenant.fetch("/", { headers: { upgrade: "websocket" } })).status).toBe(101);
  });
});

describe("a machine that is not up", () => {
  it.each(["created", "starting", "started"] as const)("because it is %s has a page to wait on", async (state) => {
    const tenant = await newMachineTenant({ state, origin: null });
    const page = await tenant.fetch("/", { headers: { accept: "text/html" } });
    expect(page.status).toBe(503);
    expect(await page.text()).toContain(`http-equiv="refresh"`);
    expect((await errorOf(await tenant.get("/"))).details).toMatchObject({ state, retryAfterS: 2 });
  });

  it.each([
    ["failed", "has failed"],
    ["destroying", "being taken down"],
    ["destroyed", "being taken down"],
  ] as const)("because it is %s says so", async (state, words) => {
    const tenant = await newMachineTenant({ state, origin: null });
    const response = await tenant.get("/");
    expect(response.status).toBe(503);
    expect((await errorOf(response)).message).toContain(words);
  });

  it("leaves the host to the scripts once it is gone", async () => {
    const tenant = await newMachineTenant({ state: "failed" });
    await tenant.deploy(`export default () => "scripts again"`);
    expect((await tenant.get("/")).status).toBe(503);
    tenant.machine = null;
    await tenant.publish();
    expect(await (await tenant.get("/")).json()).toBe("scripts again");
  });
});
