import { beforeEach, describe, expect, it } from "vitest";

import type { ErrorBody } from "../../../contracts/errors.ts";
import { TENANT_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

const errorOf = async (response: Response): Promise<ErrorBody["error"]> => (await response.json<ErrorBody>()).error;

describe("bounds", () => {
  it("refuses a body over the limit by its declared length", async () => {
    await tenant.deploy(`export default async (request) => (await request.arrayBuffer()).byteLength`);
    const response = await tenant.fetch("/", { method: "POST", body: new Uint8Array(TENANT_BODY_BYTES_MAX + 1) });
    expect(response.status).toBe(413);
    expect((await errorOf(response)).details).toEqual({ limitBytes: TENANT_BODY_BYTES_MAX });
  });

  it("refuses a body over the limit that declares no length", async () => {
    await tenant.deploy(`export default async (request) => (await request.arrayBuffer()).byteLength`);
    const chunk = new Uint8Array(1024 * 1024);
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (sent++ > 10) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const response = await tenant.fetch("/", { method: "POST", body });
    expect(response.status).toBe(413);
  });

  it("lets a body at the limit through", async () => {
    await tenant.deploy(`export default async (request) => (await request.arrayBuffer()).byteLength`);
    const response = await tenant.fetch("/", { method: "POST", body: new Uint8Array(TENANT_BODY_BYTES_MAX) });
    expect(await response.json()).toBe(TENANT_BODY_BYTES_MAX);
  });
});

describe("cookies", () => {
  it("of a tenant stay on its host", async () => {
    await tenant.deploy(`export default { fetch() {
      const headers = new Headers();
      headers.append("set-cookie", "own=1; Path=/");
      headers.append("set-cookie", "parent=1; Domain=localhost");
      headers.append("set-cookie", "dotted=1; domain=.LocalHost; Path=/");
      headers.append("set-cookie", "sibling=1; Domain=other.localhost");
      headers.append("set-cookie", "named=1; Domain=${tenant.host}");
      headers.append("set-cookie", "twice=1; Domain=${tenant.host}; Domain=localhost");
      headers.append("set-cookie", "emptied=1; Domain=localhost; Domain=");
      headers.append("set-cookie", "bared=1; Domain=localhost; Domain");
      return new Response("x", { headers, status: 201 });
    } }`);
    const response = await tenant.get("/");
    expect(response.status).toBe(201);
    const names = response.headers.getSetCookie().map((cookie) => cookie.split("=")[0]);
    expect(names).toEqual(["own", "named"]);
  });
});

describe("a failure that a script forges", () => {
  it("is read to a bound, however long it is", async () => {
    await tenant.deploy(`export default { fetch() {
      const body = new ReadableStream({ pull(controller) { controller.enqueue(new Uint8Array(1_048_576).fill(120)); } });
      return new Response(body, { status: 500, headers: { "x-isola-fault": "error" } });
    } }`);
    const response = await tenant.get("/");
    expect(response.status).toBe(502);
  });
});
