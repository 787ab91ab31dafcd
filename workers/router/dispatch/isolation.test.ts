import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";

import type { RouterEnv } from "../env.ts";
import { deliverLog } from "../log/delivery.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const routerEnv = env as unknown as RouterEnv;

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

describe("isolation", () => {
  const tried = async (body: string): Promise<unknown> => {
    await tenant.deploy(`import * as workers from "cloudflare:workers";
      export default async (request, ctx) => { try { ${body} } catch (error) { return "refused: " + error.message } }`);
    return (await tenant.get("/")).json();
  };

  it("gives a script no bindings of its own making", async () => {
    expect(await tried(`return [Object.keys(ctx.env), typeof process, Object.keys(globalThis.env ?? {})]`)).toEqual([
      [],
      "undefined",
      [],
    ]);
  });

  it.each([
    ["http://127.0.0.1:1/", "loopback"],
    ["http://app.localhost/", "platform"],
    ["http://10.1.2.3/", "private"],
    ["http://169.254.169.254/latest/meta-data", "metadata"],
    ["http://[::ffff:127.0.0.1]/", "loopback"],
    ["http://0.0.0.0/", "reserved"],
  ])("keeps a script's fetch from %s and names only the category", async (url, category) => {
    const result = String(await tried(`return (await fetch(${JSON.stringify(url)})).status`));
    expect(result).toContain(`Egress refused (${category})`);
    expect(result).not.toContain(new URL(url).hostname.replace(/[[\]]/g, ""));
  });

  it("refuses raw sockets", async () => {
    const result = await tried(`const { connect } = await import("cloudflare:sockets");
      const socket = connect("127.0.0.1:1"); await socket.opened;
      const { done } = await socket.readable.getReader().read(); return done ? "refused: closed" : "connected"`);
    expect(String(result)).toMatch(/^refused/);
  });

  it("refuses eval, Function and WebAssembly made at run time", async () => {
    expect(String(await tried(`return eval("1")`))).toMatch(/^refused/);
    expect(String(await tried(`return new Function("return 1")()`))).toMatch(/^refused/);
    expect(String(await tried(`return new WebAssembly.Module(new Uint8Array([0,97,115,109,1,0,0,0])) && 1`))).toMatch(
      /^refused/,
    );
  });

  it("lets a script that spoils its console binding spoil its own log only", async () => {
    const other = await newTenant();
    const result = await tried(`
      const sink = workers.env.__ISOLA_CONSOLE;
      const bad = [null, 1, {}, [{ at: "x" }], [{ at: 1, level: "boom", text: "t" }], "lines"];
      for (const lines of bad) await sink.write("exe_00000000000000000000", lines);
      await sink.write({ toString: () => "${other.orgId}" }, []);
      await sink.write("${other.orgId}", [{ at: 1, level: "log", text: "forged" }]);
      return "tried"`);
    expect(result).toBe("tried");
    await deliverLog(routerEnv.STATE);
    const batches = await authority.takeLog();
    expect(JSON.stringify(batches)).not.toContain("forged");
    expect(batches.filter((batch) => batch.orgId === other.orgId)).toEqual([]);
  });

  it("keeps no world between two orgs with the same source", async () => {
    const other = await newTenant();
    const source = `let count = 0; export default () => ++count`;
    await tenant.deploy(source);
    await other.deploy(source);
    await tenant.get("/");
    expect(await (await tenant.get("/")).json()).toBe(2);
    expect(await (await other.get("/")).json()).toBe(1);
  });

  it("cannot be told an execution id by a client", async () => {
    await tenant.deploy(`export default (request, ctx) => [ctx.executionId, ctx.params]`);
    const response = await tenant.fetch("/", { headers: { "cf-isola": "x", "x-isola-fault": "1" } });
    expect(response.status).toBe(200);
    expect((await response.json<string[]>())[0]).toMatch(/^exe_/);
  });
});
