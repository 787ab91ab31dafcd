import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";

import type { ErrorBody } from "../../../contracts/errors.ts";
import type { ExecutionRecord } from "../../../contracts/execution.ts";
import { LOG_BODY_BYTES_MAX, LOG_HEADS_PER_SECOND_MAX } from "../../../contracts/limits.ts";
import { completeRecord } from "../../../contracts/log-record.ts";
import type { RouterEnv } from "../env.ts";
import { deliverLog } from "../log/delivery.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

const errorOf = async (response: Response): Promise<ErrorBody["error"]> => (await response.json<ErrorBody>()).error;

const allRecords = async (): Promise<ExecutionRecord[]> => {
  await deliverLog((env as unknown as RouterEnv).STATE);
  const batches = (await authority.takeLog()).filter((batch) => batch.orgId === tenant.orgId);
  return batches
    .flatMap(({ segments }) => segments)
    .flatMap(({ records }) => (JSON.parse(records) as Partial<ExecutionRecord>[]).map(completeRecord));
};

const lastRecord = async (): Promise<ExecutionRecord | undefined> => (await allRecords()).at(-1);

describe("the gate", () => {
  const SLOW = `export default async (request) => { await scheduler.wait(Number(new URL(request.url).search.slice(1))); return 1; }`;

  it("refuses one run too many at once and says when to come again", async () => {
    tenant.settings.concurrencyMax = 2;
    await tenant.deploy(SLOW);
    const running = [tenant.get("/?200"), tenant.get("/?200")];
    await scheduler.wait(50);
    const began = performance.now();
    const refused = await tenant.get("/?200");
    expect(performance.now() - began).toBeLessThan(100);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect((await errorOf(refused)).details).toMatchObject({ limit: 2, reason: "concurrency" });
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await tenant.get("/?0")).status).toBe(200);
  });

  it("is left by runs that fail, and by those that are too slow", async () => {
    tenant.settings.concurrencyMax = 1;
    await tenant.deploy(
      `export default (request) => {
      if (request.url.endsWith("/throw")) throw new Error("no");
      if (request.url.endsWith("/never")) return new Promise(() => setTimeout(() => {}, 60_000));
      return 1; }`,
      { wallClockMs: 50 },
    );
    for (const path of ["/throw", "/never", "/throw", "/fine"]) {
      expect((await tenant.get(path)).status).toBe({ "/throw": 502, "/never": 504, "/fine": 200 }[path]);
    }
  });

  it("of one org is no matter of another's", async () => {
    tenant.settings.concurrencyMax = 1;
    await tenant.deploy(SLOW);
    const other = await newTenant();
    await other.deploy(SLOW);
    const running = tenant.get("/?100");
    await scheduler.wait(20);
    expect((await other.get("/?0")).status).toBe(200);
    expect((await running).status).toBe(200);
  });
});

describe("processor time", () => {
  // As an upload is instrumented on one computer.
  const metered = (body: string): string =>
    `import { c } from "./.isola/meter.js"; export default { fetch() { ${body} } };`;

  it("that is used up ends the run with 507 and its name", async () => {
    await tenant.deploy(metered("for (;;) c();"), { limits: { cpuMs: 20 } });
    const response = await tenant.get("/");
    expect(response.status).toBe(507);
    expect(await errorOf(response)).toMatchObject({ code: "over_budget", details: { limit: "cpuMs", max: 20 } });
    expect(await lastRecord()).toMatchObject({ outcome: "over_budget", brokenLimit: "cpuMs", status: 507 });
    expect((await tenant.get("/")).status).toBe(507);
  });

  it("that is used up counts even where the script catches it", async () => {
    await tenant.deploy(metered(`try { for (;;) c(); } catch {} return new Response("caught");`), {
      limits: { cpuMs: 20 },
    });
    expect((await tenant.get("/")).status).toBe(507);
  });

  it("is not used up by waiting", async () => {
    await tenant.deploy(
      `import { c } from "./.isola/meter.js"; export default async () => { c(); await scheduler.wait(100); c(); return 1; };`,
      { limits: { cpuMs: 20 } },
    );
    expect((await tenant.get("/")).status).toBe(200);
  });
});

describe("a dynamic import", () => {
  const importing = async (specifier: string, before = ""): Promise<string> => {
    await tenant.deploy({
      "index.js": `import { i } from "./.isola/meter.js"; ${before}
        export default async () => { try { return Object.keys(await import(i(${specifier}))); } catch (error) { return error.message; } };`,
      "parts/it's [id].js": "export const here = 1;",
    });
    return (await tenant.get("/")).text();
  };

  it("of a file of the script's own, by a name that is computed, is as ever", async () => {
    expect(await importing(`"./parts/it's " + "[id].js"`)).toBe('["here"]');
    expect(await importing(`{ toString: () => "./parts/it's [id].js" }`)).toBe('["here"]');
  });

  it.each([
    `"./.isola" + "/main.js"`,
    `"./parts/../.isola/runtime.js"`,
    `"/.isola/main.js"`,
    `".isola/main.js"`,
    `"./%2eisola/main.js"`,
    `"./parts/..\\\\.isola/main.js"`,
    `"file:///.isola/main.js"`,
    `{ toString() { return this.asked ? "./.isola/main.js" : (this.asked = 1, "./.isola/main.js"); } }`,
  ])("of the platform's own module is refused: %s", async (specifier) => {
    const patched = `RegExp.prototype.exec = () => ["x"]; RegExp.prototype.test = () => true; String.prototype.toString = () => "./parts/x.js";`;
    for (const before of ["", patched]) expect(await importing(specifier, before)).toContain("its own files");
  });
});

describe("subrequests", () => {
  it("over the limit are refused within the isolate, and end the run with 507 where nobody catches that", async () => {
    await tenant.deploy(
      `export default async (request) => {
        const told = [];
        for (let n = 0; n < 4; n++) {
          try { await fetch("http://127.0.0.1/"); } catch (error) { told.push(error.message); if (request.url.endsWith("/throw")) { if (n === 3) throw error; } }
        }
        return told; }`,
      { limits: { subrequests: 2 } },
    );
    const told = await (await tenant.get("/")).json<string[]>();
    expect(told.map((message) => /loopback|limit of 2 requests/.exec(message)?.[0])).toEqual([
      "loopback",
      "loopback",
      "limit of 2 requests",
      "limit of 2 requests",
    ]);
    const refused = await tenant.get("/throw");
    expect(refused.status).toBe(507);
    expect((await errorOf(refused)).details).toMatchObject({ limit: "subrequests", max: 2 });
    expect(await lastRecord()).toMatchObject({ outcome: "over_budget", brokenLimit: "subrequests" });
  });
});

describe("the length of a response", () => {
  it("that is declared beyond the limit is refused with 507", async () => {
    await tenant.deploy(
      `export default () => new Response("x".repeat(5000), { headers: { "content-length": "5000" } })`,
      { limits: { responseBytes: 2_000 } },
    );
    const response = await tenant.get("/");
    expect(response.status).toBe(507);
    expect((await errorOf(response)).details).toMatchObject({ limit: "responseBytes", max: 2_000 });
  });

  it("that streams is cut off at the limit", async () => {
    await tenant.deploy(
      `export default () => new Response(new ReadableStream({ pull(controller) { controller.enqueue(new Uint8Array(500)); } }))`,
      { limits: { responseBytes: 2_000 } },
    );
    const response = await tenant.get("/");
    let bytes = 0;
    await expect(
      (async () => {
        for await (const chunk of response.body ?? []) bytes += (chunk as Uint8Array).byteLength;
      })(),
    ).rejects.toThrow();
    expect(bytes).toBeLessThanOrEqual(2_000);
  });

  it("within the limit arrives whole, compressed or not", async () => {
    await tenant.deploy(
      `export default (request) => new Response("x".repeat(1500), { headers: request.url.endsWith("/zip") ? { "content-encoding": "gzip" } : {} })`,
      { limits: { responseBytes: 2_000 } },
    );
    expect(await (await tenant.get("/")).text()).toHaveLength(1_500);
    expect(await (await tenant.get("/zip")).text()).toHaveLength(1_500);
  });
});

describe("a record", () => {
  it("has the heads of both sides without credentials, and a body of moderate length", async () => {
    await tenant.deploy(
      `export default async (request) => new Response(await request.text(), { status: 201, headers: { "x-own": "1", "set-cookie": "s=1" } })`,
    );
    const response = await tenant.fetch("/in", {
      method: "POST",
      body: "hello",
      headers: { "x-note": "n", authorization: "Bearer secret", cookie: "s=secret" },
    });
    expect(await response.text()).toBe("hello");
    const record = await lastRecord();
    expect(record?.request).toMatchObject({
      headers: { "x-note": "n", authorization: "[redacted]", cookie: "[redacted]" },
      body: { text: "hello", encoding: "utf8", truncated: false },
    });
    expect(record?.response?.headers).toMatchObject({ "x-own": "1", "set-cookie": "[redacted]" });
    expect(JSON.stringify(record)).not.toContain("secret");
  });

  it("has the beginning of the body of an answer that tells of a failure", async () => {
    await tenant.deploy(
      `export default (request) => new Response(request.url.endsWith("/long") ? "x".repeat(20_000) : "no", { status: 404 })`,
    );
    expect(await (await tenant.get("/")).text()).toBe("no");
    await scheduler.wait(20);
    expect((await lastRecord())?.response?.body).toEqual({ text: "no", encoding: "utf8", truncated: false });
    expect(await (await tenant.get("/long")).text()).toHaveLength(20_000);
    await scheduler.wait(20);
    const body = (await lastRecord())?.response?.body;
    expect(body).toMatchObject({ truncated: true });
    expect(body?.text).toHaveLength(LOG_BODY_BYTES_MAX);
  });

  it("does not wait for the end of such a body", async () => {
    await tenant.deploy(`export default () => new Response(new ReadableStream({ async start(controller) {
      controller.enqueue(new TextEncoder().encode("begun")); await scheduler.wait(600); controller.close(); } }), { status: 500 })`);
    const response = await tenant.get("/");
    await scheduler.wait(400);
    expect((await lastRecord())?.response?.body).toEqual({ text: "begun", encoding: "utf8", truncated: true });
    expect(await response.text()).toBe("begun");
  });

  it("has the beginning of a longer body, and says that there was more", async () => {
    await tenant.deploy(`export default async (request) => (await request.text()).length`);
    const body = "x".repeat(LOG_BODY_BYTES_MAX + 1);
    expect(await (await tenant.fetch("/", { method: "POST", body })).json()).toBe(body.length);
    const expected = { text: "x".repeat(LOG_BODY_BYTES_MAX), encoding: "utf8", truncated: true };
    expect((await lastRecord())?.request?.body).toEqual(expected);
  });

  it("has the beginning of a body that streams in", async () => {
    await tenant.deploy(`export default async (request) => (await request.text()).length`);
    const body = new Blob(["streamed"]).stream();
    expect(await (await tenant.fetch("/", { method: "POST", body })).json()).toBe(8);
    expect((await lastRecord())?.request?.body).toEqual({ text: "streamed", encoding: "utf8", truncated: false });
  });

  it("of a success has no heads where there are more in a second than anybody reads; of a failure it always has", async () => {
    await tenant.deploy(
      `export default (request) => new Response(null, { status: request.url.endsWith("/no") ? 404 : 204 })`,
    );
    await Promise.all(Array.from({ length: 60 }, () => tenant.get("/")));
    for (let index = 0; index < 5; index++) await Promise.all(Array.from({ length: 60 }, () => tenant.get("/")));
    await tenant.get("/no");
    const records = await allRecords();
    expect(records).toHaveLength(361);
    const withHeads = records.filter(({ request }) => request !== null);
    expect(withHeads.length).toBeGreaterThanOrEqual(LOG_HEADS_PER_SECOND_MAX);
    expect(withHeads.length).toBeLessThan(361);
    expect(records.at(-1)).toMatchObject({ status: 404, request: { headers: {} }, response: { headers: {} } });
  });
});
