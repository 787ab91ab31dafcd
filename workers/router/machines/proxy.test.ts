import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";

import type { ErrorBody } from "../../../contracts/errors.ts";
import { TENANT_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import { machineSecret } from "../../../contracts/machines.ts";
import type { RouterEnv } from "../env.ts";
import type { Tenant } from "../testing/tenant.ts";
import { usageMeter } from "../usage/meter.ts";
import { failNext, newMachineTenant, reached } from "./testing/up.ts";

let tenant: Tenant;

beforeEach(async () => {
  tenant = await newMachineTenant();
  await reached();
});

const { MACHINE_KEY } = env as unknown as RouterEnv;
const secretOf = (of: Tenant): Promise<string> => machineSecret(MACHINE_KEY, "proxy", of.machine?.id ?? "", 1);
const lastHeaders = async (): Promise<Record<string, string>> => (await reached()).asked.at(-1)?.headers ?? {};
const errorOf = async (response: Response): Promise<ErrorBody["error"]> => (await response.json<ErrorBody>()).error;

describe("a request to an org with a machine", () => {
  it("goes to the machine's address with its path and query, whatever routes there are", async () => {
    await tenant.deploy(`export default () => "a script"`);
    const told = await (await tenant.get("/a//b%2Fc?q=1&q=2")).json();
    expect(told).toMatchObject({ method: "GET", url: "http://10.0.0.7:8080/a//b%2Fc?q=1&q=2" });
  });

  it("leaves the platform its own paths", async () => {
    expect(await (await tenant.get("/.isola/healthz")).text()).toBe("ok\n");
    expect((await tenant.get("/.isola/nothing")).status).toBe(404);
    expect((await reached()).asked).toEqual([]);
  });

  it("is counted as a request and as no run", async () => {
    await (await tenant.get("/")).text();
    const hours = usageMeter.take(Date.now()).find(({ orgId }) => orgId === tenant.orgId)?.hours;
    expect(hours).toMatchObject([{ counts: { requests: 1, executions: 0 } }]);
  });

  it("carries its body and its length", async () => {
    const response = await tenant.fetch("/echo", { method: "POST", body: "some words" });
    expect(response.headers.get("x-length")).toBe("10");
    expect(await response.text()).toBe("some words");
  });

  it("carries a body whose length nobody knows as it comes", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const answer = tenant.fetch("/echo", { method: "PUT", body: readable });
    await writer.write(new TextEncoder().encode("in "));
    await scheduler.wait(20);
    await writer.write(new TextEncoder().encode("parts"));
    await writer.close();
    const response = await answer;
    expect(response.headers.get("x-length")).toBe("none");
    expect(await response.text()).toBe("in parts");
  });

  it("over the limit of a body is refused, by what it says and by what it sends", async () => {
    const over = new Uint8Array(TENANT_BODY_BYTES_MAX + 1);
    const declared = await tenant.fetch("/echo", { method: "POST", body: over });
    expect((await errorOf(declared)).code).toBe("too_large");
    const streamed = await tenant.fetch("/swallows", { method: "POST", body: new Blob([over]).stream() });
    expect((await errorOf(streamed)).code).toBe("too_large");
  });
});

describe("what a machine is told", () => {
  it("is who asked, for what host and how, by the platform alone", async () => {
    await (
      await tenant.fetch("/", {
        headers: {
          "x-forwarded-for": "6.6.6.6",
          "x-forwarded-host": "evil.example",
          "x-forwarded-proto": "gopher",
          "x-forwarded-port": "1",
          "x-forwarded-server": "evil.example",
          "x-real-ip": "6.6.6.6",
          forwarded: "for=6.6.6.6",
          "cf-connecting-ip": "6.6.6.6",
          "true-client-ip": "6.6.6.6",
          "x-original-url": "/admin",
          via: "1.1 honest",
        },
      })
    ).text();
    const headers = await lastHeaders();
    expect(headers).toMatchObject({
      "x-forwarded-host": tenant.host,
      "x-forwarded-proto": "http",
      "x-forwarded-port": "80",
      via: "1.1 honest",
    });
    expect(JSON.stringify(headers)).not.toMatch(/6\.6\.6\.6|evil|gopher|admin/);
  });

  it("is not what a caller writes with another spelling", async () => {
    const headers = { X_Forwarded_For: "6.6.6.6", "x-isola_secret": "s", X_ISOLA_USER: "admin", my_own: "kept" };
    await (await tenant.fetch("/", { headers })).text();
    const told = await lastHeaders();
    expect(JSON.stringify(told)).not.toMatch(/6\.6\.6\.6|"s"|admin/);
    expect(told).toMatchObject({ my_own: "kept" });
  });

  it("is the secret that the platform shares with this machine, and never a caller's", async () => {
    const headers = { "X-Isola-Secret": "guess", "x-isola-user": "bWU=", "x-isola-hops": "0" };
    await (await tenant.fetch("/", { headers })).text();
    const told = await lastHeaders();
    expect(told["x-isola-secret"]).toBe(await secretOf(tenant));
    expect(told["x-isola-user"]).toBeUndefined();
    const other = await newMachineTenant();
    await (await other.get("/")).text();
    expect((await lastHeaders())["x-isola-secret"]).not.toBe(told["x-isola-secret"]);
  });

  it("holds nothing that belongs to the caller's connection", async () => {
    const headers = {
      connection: "x-mine",
      "x-mine": "1",
      te: "trailers",
      "keep-alive": "5",
      "proxy-authorization": "x",
    };
    await (await tenant.fetch("/", { headers })).text();
    const told = await lastHeaders();
    for (const name of ["x-mine", "te", "keep-alive", "proxy-authorization"]) expect(told[name]).toBeUndefined();
  });

  it("is not the session of whoever is signed in", async () => {
    await (await tenant.fetch("/", { headers: { cookie: "a=1; isola_person=token; b=2" } })).text();
    expect((await lastHeaders())["cookie"]).toBe("a=1; b=2");
  });
});

describe("a machine's answer", () => {
  it.each([200, 204, 304, 404, 418, 500])("keeps status %i and its headers", async (status) => {
    const response = await tenant.get(`/status?status=${status}`);
    expect(response.status).toBe(status);
    expect(response.headers.get("etag")).toBe('"x"');
    expect(await response.text()).toBe("");
  });

  it("has no body to HEAD", async () => {
    const response = await tenant.fetch("/echo", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect((await reached()).asked.at(-1)?.method).toBe("HEAD");
  });

  it("that leads elsewhere is the caller's to follow", async () => {
    const response = await tenant.get("/redirect");
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("https://elsewhere.example/there");
  });

  it("streams", async () => {
    const reader = (await tenant.get("/stream")).body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe("piece 0\n");
    const second = await reader?.read();
    expect(new TextDecoder().decode(second?.value)).toBe("piece 1\n");
  });

  it("that nobody reads on is ended at the machine", async () => {
    const before = (await reached()).cancelled;
    const reader = (await tenant.get("/endless")).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await expect.poll(async () => (await reached()).cancelled).toBe(before + 1);
  });

  it.each(["/gzip", "/gzip?cookie"])("comes packed as it was (%s)", async (path) => {
    expect(await (await tenant.get(path)).text()).toBe("packed");
  });

  it("sets cookies for its own host alone", async () => {
    const cookies = ["a=1", "b=2; Domain=localhost", `c=3; Domain=${tenant.host}`, "isola_person=x"];
    const query = cookies.map((cookie) => `set=${encodeURIComponent(cookie)}`).join("&");
    const response = await tenant.get(`/cookies?${query}`);
    expect(response.headers.getSetCookie()).toEqual(["a=1", `c=3; Domain=${tenant.host}`]);
  });

  it("does not give the secret away that it sends back", async () => {
    const response = await tenant.get("/tells");
    expect(response.headers.get("x-isola-secret")).toBeNull();
    expect(response.headers.get("x-own")).toBe("1");
    expect(await response.text()).toBe("told");
  });
});

describe("a machine that cannot be reached", () => {
  it("is asked once more where that does no harm", async () => {
    await failNext(1);
    expect((await tenant.get("/")).status).toBe(200);
    expect((await reached()).asked).toHaveLength(2);
  });

  it("is not asked twice with a body, or by a method that changes things", async () => {
    await failNext(1);
    expect((await tenant.fetch("/", { method: "POST", body: "x" })).status).toBe(503);
    await failNext(1);
    expect((await tenant.fetch("/", { method: "DELETE" })).status).toBe(503);
    expect((await reached()).asked).toHaveLength(2);
  });

  it("is answered 503 with Retry-After, as a page or as JSON, and without its address or secret", async () => {
    const secret = await secretOf(tenant);
    for (const accept of ["text/html", "application/json"]) {
      await failNext(2);
      const response = await tenant.fetch("/", { headers: { accept } });
      const text = await response.text();
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("1");
      expect(response.headers.get("content-type")).toContain(accept);
      expect(text + JSON.stringify([...response.headers])).not.toMatch(/10\.0\.0\.7/);
      expect(text).not.toContain(secret);
    }
  });
});

describe("a machine whose address leads back to the platform", () => {
  it.each(["http://app.localhost", "http://localhost:8787", "http://other.localhost", "http://x.app.localhost."])(
    "is not asked (%s)",
    async (origin) => {
      const own = await newMachineTenant({ origin, network: "public" });
      expect((await errorOf(await own.get("/"))).details).toMatchObject({ reason: "loop" });
    },
  );

  it("by a way round is found out by how often the request came back", async () => {
    expect((await tenant.fetch("/", { headers: { "x-isola-hops": "2" } })).status).toBe(200);
    expect((await lastHeaders())["x-isola-hops"]).toBe("3");
    for (const hops of ["3", "9", "99", "-1", "x", "0, 0"]) {
      const response = await tenant.fetch("/", { headers: { "x-isola-hops": hops } });
      expect((await errorOf(response)).details).toMatchObject({ reason: "loop" });
    }
  });
});
