import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Client } from "../contracts/client.ts";
import { commandOf, descendants, edgesOf } from "./support/processes.ts";
import { startPlatform, type Platform } from "./support/platform.ts";

let platform: Platform;
let client: Client;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const edges = (): number[] => edgesOf(platform.process.pid ?? 0);

async function deploy(slug: string, source: string): Promise<void> {
  await client.createOrg({ body: { slug } });
  await client.createScript({ params: { slug }, body: { name: "main", source } });
  await client.createRoute({ params: { slug }, body: { script: "main", path: "/*" } });
}

beforeAll(async () => {
  platform = await startPlatform();
  client = await platform.client();
  await deploy("steady", `export default () => "steady"`);
  // Inside the regular expression nothing counts processor time, so that the whole process hangs.
  await deploy("wild", String.raw`export default () => /^(a+)+\1$/.test("a".repeat(50) + "b");`);
});

afterAll(async () => {
  await platform?.dispose();
});

/** Sends a new connection to the steady tenant every few milliseconds, and says how each one fared. */
async function underLoad(during: () => Promise<void>, ms: number): Promise<{ waits: number[]; failures: string[] }> {
  const waits: number[] = [];
  const failures: string[] = [];
  const pending: Promise<void>[] = [];
  const until = performance.now() + ms;
  const doing = during();
  while (performance.now() < until) {
    const began = performance.now();
    pending.push(
      platform.fetch("steady.localhost", "/").then(
        (answer) => {
          waits.push(performance.now() - began);
          if (answer.status !== 200) failures.push(`status ${answer.status}`);
        },
        (error: Error) => void failures.push(error.message),
      ),
    );
    await pause(10);
  }
  await Promise.all([doing, ...pending]);
  return { waits, failures };
}

describe("a tenant that never gives the processor back", () => {
  it("keeps no new connection of another tenant waiting longer than 250 ms", async () => {
    const { waits, failures } = await underLoad(async () => {
      await pause(200);
      await platform.fetch("wild.localhost", "/").catch(() => {});
    }, 2_500);
    expect(failures).toEqual([]);
    expect(Math.max(...waits)).toBeLessThan(250);
  });

  it("with both edges hung at once, is over within a second", async () => {
    const hang = (): Promise<unknown> => platform.fetch("wild.localhost", "/").catch(() => {});
    const hung = [hang(), hang(), hang(), hang()];
    await pause(100);
    const { waits } = await underLoad(() => pause(0), 1_500);
    await Promise.all(hung);
    expect(Math.max(...waits)).toBeLessThan(1_000);
    expect((await platform.fetch("steady.localhost", "/")).status).toBe(200);
  });
});

describe("kill -9", () => {
  it("of every edge under load is over within a second, and nothing stored is lost", async () => {
    const { waits } = await underLoad(async () => {
      await pause(200);
      for (const pid of edges()) process.kill(pid, "SIGKILL");
    }, 2_000);
    expect(edges()).toHaveLength(2);
    expect(Math.max(...waits)).toBeLessThan(1_000);
    expect((await client.listOrgs({})).items.map((org) => org.slug).sort()).toEqual(["steady", "wild"]);
    expect((await platform.fetch("steady.localhost", "/")).text).toBe('"steady"');
  });

  it("of the launcher leaves no process behind, and the next start finds everything as it was", async () => {
    const before = descendants(platform.process.pid ?? 0);
    expect(before.length).toBeGreaterThan(2);
    platform.process.kill("SIGKILL");
    const deadline = performance.now() + 3_000;
    const alive = (): number[] => before.filter((pid) => commandOf(pid) !== "");
    while (alive().length > 0 && performance.now() < deadline) await pause(50);
    expect(alive().map(commandOf)).toEqual([]);
    platform = await startPlatform({ directory: platform.directory, port: platform.port });
    expect((await platform.fetch("steady.localhost", "/")).text).toBe('"steady"');
    client = await platform.client();
    expect((await client.listScripts({ params: { slug: "steady" } })).items).toHaveLength(1);
  });
});
