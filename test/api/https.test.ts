import { afterAll, beforeAll, expect, test } from "vitest";

import { SIGN_IN_ATTEMPTS_MAX } from "../../contracts/limits.ts";
import { type Core, SETUP_TOKEN, startCore } from "./support/core.ts";
import { OWNER } from "./support/people.ts";

const PUBLIC_URL = "https://app.example.com";

let core: Core;
beforeAll(async () => {
  core = await startCore({ PUBLIC_URL, TENANT_URL: "https://{slug}.tenants.example" });
  await core.call("/api/v1/setup", { json: { token: SETUP_TOKEN, ...OWNER } });
});
afterAll(() => core.stop());

test("behind TLS the session's cookie is bound to the host and to TLS", async () => {
  const answer = await core.call("/api/auth/sign-in/email", { headers: { origin: PUBLIC_URL }, json: OWNER });
  const [cookie = ""] = answer.headers.getSetCookie();
  expect(cookie).toMatch(/^__Host-isola_session=/);
  for (const attribute of ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"]) expect(cookie).toContain(`; ${attribute}`);
  expect(cookie).not.toMatch(/Domain/i);
  const me = await core.call("/api/v1/me", { headers: { cookie: cookie.split(";")[0] ?? "" } });
  expect(me.status).toBe(200);
  expect(me.headers.get("strict-transport-security")).toMatch(/max-age=\d{7}/);
});

test("attempts are counted by the address that the edge of the network tells", async () => {
  let accounts = 0;
  const attempt = (address: string) => {
    accounts += 1;
    const headers = { origin: PUBLIC_URL, "cf-connecting-ip": address };
    return core.call("/api/auth/sign-in/email", {
      headers,
      json: { ...OWNER, email: `nobody${accounts}@example.com` },
    });
  };
  const statuses: number[] = [];
  while (statuses.length < 40 && !statuses.includes(429)) statuses.push((await attempt("192.0.2.1")).status);
  expect(statuses).toEqual([...Array.from({ length: SIGN_IN_ATTEMPTS_MAX }, () => 401), 429]);
  expect((await attempt("192.0.2.2")).status).toBe(401);
});
