import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sampleOf } from "../../redteam/matrix/sample.ts";
import { addressOf } from "../../redteam/matrix/address.ts";
import { mutates, type Operation, readDocument } from "../../redteam/matrix/document.ts";
import { AUTH_ENDPOINTS, AUTH_PATH } from "../../contracts/auth-endpoints.ts";
import { type Answer, type CallOptions, type Core, SETUP_TOKEN, startCore } from "./support/core.ts";
import { giveKey, OWNER, type Person } from "./support/people.ts";

/** Behind TLS, as people use it. */
const ORIGIN = "https://app.example.com";
const TENANTS = "https://{slug}.tenants.example";
const PAGE = { accept: "text/html" };
const PAGES = ["/", "/sign-in", "/sign-up", "/forgot-password", "/reset-password", "/invitation", "/account", "/setup"];
const OTHERS = [
  "/api/v1/me",
  "/api/v1/openapi.json",
  "/api/auth/methods",
  "/healthz",
  "/version",
  "/nowhere",
  "/api/docs",
];

/** What another site can make a browser send along with a cookie. */
const FOREIGN: readonly Record<string, string>[] = [
  {},
  { origin: "https://attacker.example" },
  { origin: "https://elsewhere.tenants.example", "sec-fetch-site": "cross-site" },
  { origin: `${ORIGIN}.attacker.example` },
  { origin: "null" },
  { "sec-fetch-site": "same-site" },
];

/** Everything that changes something is called several times, which takes its time beside others, in milliseconds. */
const PATIENCE_MS = 120_000;

let core: Core;
let owner: Person;
let cookie: string;
/** Every `Set-Cookie` of the run. */
const cookiesSet: string[] = [];
const call = async (path: string, options: CallOptions = {}): Promise<Answer> => {
  const answer = await core.call(path, options);
  cookiesSet.push(...answer.headers.getSetCookie());
  return answer;
};
const auth = (path: string, json: unknown, headers: Record<string, string> = { origin: ORIGIN }): Promise<Answer> =>
  call(`/api/auth${path}`, { method: "POST", headers, json });

beforeAll(async () => {
  core = await startCore({ PUBLIC_URL: ORIGIN, TENANT_URL: TENANTS });
  const { json } = await core.call("/api/v1/setup", { json: { token: SETUP_TOKEN, ...OWNER } });
  owner = { id: json.id, token: await giveKey(core, json.id) };
  const signedIn = await auth("/sign-in/email", OWNER);
  cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const made = await core.call("/api/v1/orgs", { token: owner.token, json: { slug: "home", name: "<b>home</b>" } });
  expect(made.status).toBe(201);
  await core.sql.query(
    `insert into "user" (id, name, email) values ('usr_0000000000000000kept', 'Somebody', 'somebody@example.com')`,
  );
});
afterAll(() => core.stop());

describe("every answer", () => {
  test.each([...PAGES, ...OTHERS])("of %s says what browsers may do with it", async (path) => {
    for (const headers of [PAGE, { ...PAGE, cookie }]) {
      const answer = await call(path, { headers });
      const said = (name: string) => answer.headers.get(name);
      expect(said("x-content-type-options")).toBe("nosniff");
      expect(said("x-frame-options")).toBe("DENY");
      expect(said("referrer-policy")).toBe("no-referrer");
      expect(said("cross-origin-opener-policy")).toBe("same-origin");
      expect(said("cross-origin-resource-policy")).toBe("same-origin");
      expect(said("strict-transport-security")).toMatch(/^max-age=(?:31536000|[4-9]\d{7,})/);
      expect(said("cache-control")).toBe("no-store");
      expect(said("permissions-policy")).toMatch(/camera=\(\).*geolocation=\(\)/);
      expect(said("server")).toBeNull();
      expect(said("x-powered-by")).toBeNull();
      const policy = said("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("base-uri 'none'");
      expect(policy).toMatch(/form-action 'self'/);
      expect(policy).not.toMatch(/unsafe-|\*|http:|https:/);
      expect(policy).toMatch(/script-src 'nonce-[\w+/=-]{16,}'/);
    }
  });

  test("has nothing inline that the policy would not let through", async () => {
    for (const path of PAGES) {
      const { text, headers } = await call(path, { headers: { ...PAGE, cookie } });
      const nonce = /script-src 'nonce-([^']+)'/.exec(headers.get("content-security-policy") ?? "")?.[1];
      for (const [, attributes = ""] of text.matchAll(/<(?:script|style)\b([^>]*)>/g)) {
        expect(attributes).toContain(`nonce="${nonce}"`);
      }
      expect(text).not.toMatch(/<[^>]+ (?:style|on[a-z]+)=/);
    }
  });
});

describe("other sites", { timeout: PATIENCE_MS }, () => {
  test("read nothing: no answer and no preflight allows them to", async () => {
    const asked = { "access-control-request-method": "DELETE", "access-control-request-headers": "authorization" };
    for (const origin of ["https://attacker.example", "https://home.tenants.example", "null"]) {
      for (const path of [...PAGES, ...OTHERS, "/api/v1/orgs/home", "/api/auth/sign-in/email"]) {
        for (const options of [{ method: "OPTIONS", headers: { origin, ...asked } }, { headers: { origin, cookie } }]) {
          const { status, headers } = await call(path, options);
          if (options.method === "OPTIONS") expect([path, status >= 400]).toEqual([path, true]);
          expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
        }
      }
    }
  });

  test("change nothing by an API call of a signed-in browser", async () => {
    const { operations } = readDocument((await call("/api/v1/openapi.json")).json);
    // Every kind of another site is tried on every one of them by `npm run redteam`.
    const changing = operations.filter((operation) => mutates(operation) && operation.scope !== "open");
    expect(changing.length).toBeGreaterThan(40);
    for (const operation of changing) {
      const path = `/api/v1${await addressOf(operation, "home", null)}`;
      for (const headers of FOREIGN.slice(0, 2)) {
        const { status, json } = await call(path, { ...bodyFor(operation), headers: { cookie, ...headers } });
        expect([operation.id, status, json.error.code]).toEqual([operation.id, 403, "forbidden"]);
      }
    }
    expect((await call("/api/v1/orgs/home", { token: owner.token })).status).toBe(200);
  });

  test("sign nobody in or out, and change no way in", async () => {
    const all = AUTH_ENDPOINTS.map((endpoint) => endpoint.split(" ") as [method: string, path: string]);
    // A SAML provider's answer comes from another site. It signs nobody in: that takes a page of ours, and its cookie.
    const changing = all.filter(([method, path]) => method !== "GET" && path !== "/saml/:provider/acs");
    expect(changing.length).toBeGreaterThan(10);
    for (const [method, path] of changing) {
      // A path of a provider leads away by a form or a link, from wherever.
      for (const headers of FOREIGN) {
        const answer = await call(AUTH_PATH + path.replace(/:\w+/g, "nothing"), {
          method,
          headers: { cookie, ...headers },
          json: {},
        });
        expect([path, headers, answer.status]).toEqual([path, headers, 403]);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    }
    expect((await call("/api/v1/me", { headers: { cookie } })).status).toBe(200);
  });

  test("send no forms: a body that a form can make is refused", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      const headers = { origin: ORIGIN, cookie, "content-type": type };
      for (const path of ["/api/v1/keys", "/api/auth/password/change", "/api/v1/invitations/accept"]) {
        expect((await call(path, { method: "POST", headers, body: '{"name":"x"}' })).status).toBe(415);
      }
    }
  });
});

describe("a way back after signing in", () => {
  const AWAY = [
    "//attacker.example",
    "/\\attacker.example",
    "\\\\attacker.example",
    "https://attacker.example/",
    "https:attacker.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/attacker.example",
    "/\n/attacker.example",
    "/%2f/attacker.example",
    "/%5cattacker.example",
    "/..//attacker.example",
    " //attacker.example",
    "///attacker.example",
    "@attacker.example",
    ".attacker.example",
  ];

  test.each(AWAY)("leads nowhere else: %j", async (to) => {
    const query = ["to", "next", "redirect", "redirect_to", "returnTo", "url", "callbackURL"]
      .map((name) => `${name}=${encodeURIComponent(to)}`)
      .join("&");
    for (const path of ["/sign-in", "/open/home", "/", "/account", "/sign-up", "/mailbox"]) {
      for (const headers of [PAGE, { ...PAGE, cookie }]) {
        const answer = await call(`${path}?${query}`, { headers });
        const location = answer.headers.get("location");
        if (location !== null) {
          const leads = new URL(location, ORIGIN);
          expect([path, leads.origin]).toEqual([path, ORIGIN]);
          expect(leads.searchParams.get("to") ?? "/").toMatch(/^\/(?![/\\])/);
        }
        const [, kept = "/"] = /data-to="([^"]*)"/.exec(answer.text) ?? [];
        expect(kept).toMatch(/^\/(?![/\\])/);
        expect(new URL(kept, ORIGIN).origin).toBe(ORIGIN);
      }
    }
  });

  test("leads where it should, on this host", async () => {
    const answer = await call("/sign-in?to=%2Faccount", { headers: { ...PAGE, cookie } });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/account"]);
  });
});

describe("who has an account", () => {
  /** What an answer tells, but for what is new in each. */
  const tells = ({ status, text, headers }: Answer) => {
    const names = [...headers.keys()].sort().join();
    return { status, text: text.replace(/req_\w+/g, ""), names };
  };
  const timed = async (ask: () => Promise<Answer>): Promise<{ ms: number; answer: Answer }> => {
    const began = performance.now();
    const answer = await ask();
    return { ms: performance.now() - began, answer };
  };

  test("is not told by a wrong password, nor by the time it takes to say so", async () => {
    const times: Record<"known" | "unknown", number[]> = { known: [], unknown: [] };
    for (let round = 0; round < 4; round += 1) {
      const wrong = { password: "not the password" };
      const known = await timed(() => auth("/sign-in/email", { ...wrong, email: OWNER.email }));
      const unknown = await timed(() => auth("/sign-in/email", { ...wrong, email: `nobody${round}@example.com` }));
      expect(known.answer.status).toBe(401);
      expect(tells(unknown.answer)).toEqual(tells(known.answer));
      times.known.push(known.ms);
      times.unknown.push(unknown.ms);
    }
    // A password that is not hashed takes a tenth of one that is; other load on the computer can only add.
    expect(Math.min(...times.unknown)).toBeGreaterThan(Math.min(...times.known) * 0.4);
  });

  test("is not told by asking for a new password", async () => {
    const [known, unknown] = [
      await auth("/password/forgot", { email: OWNER.email }),
      await auth("/password/forgot", { email: "nobody@example.com" }),
    ];
    expect(known.status).toBe(202);
    expect(tells(unknown)).toEqual(tells(known));
  });

  test("is not told by asking for an account", async () => {
    const open = { method: "PATCH", token: owner.token, json: { signUp: "open" } };
    expect((await call("/api/v1/platform/settings", open)).status).toBe(200);
    const ask = (email: string) => call("/api/v1/sign-up", { method: "POST", json: { email } });
    const [known, unknown] = [await ask(OWNER.email), await ask("new@example.com")];
    expect(known.status).toBe(202);
    expect(tells(unknown)).toEqual(tells(known));
  });

  test("is not told by an invitation that somebody is sent", async () => {
    const invite = (email: string) =>
      call("/api/v1/orgs/home/members", { method: "POST", token: owner.token, json: { email, role: "viewer" } });
    const [known, unknown] = [await invite("somebody@example.com"), await invite("someone@example.com")];
    expect(known.status).toBe(unknown.status);
    expect(Object.keys(known.json).sort()).toEqual(Object.keys(unknown.json).sort());
    expect(JSON.stringify(known.json)).not.toContain("usr_0000000000000000kept");
  });
});

describe("what a page shows", () => {
  const MARKUP = '"><img src=x onerror=alert(1)>';
  test.each([
    "/sign-in?error=",
    "/sign-in?to=/",
    "/reset-password?token=",
    "/invitation?token=",
    "/setup?token=",
    "/nowhere/",
    "/open/",
  ])("of the address is text: %s", async (path) => {
    for (const headers of [PAGE, { ...PAGE, cookie }]) {
      const { text } = await call(path + encodeURIComponent(MARKUP), { headers });
      expect(text).not.toContain("<img");
    }
  });

  test("of names is text", async () => {
    const { text } = await call("/", { headers: { ...PAGE, cookie } });
    expect(text).toContain("&lt;b&gt;home&lt;/b&gt;");
    expect(text).not.toContain("<b>home");
  });
});

describe("what is printed", () => {
  const CANARY = "canary";
  const secrets = {
    password: `${CANARY}-password-of-somebody`,
    key: `isola_${"ca".repeat(32)}`,
    token: "da".repeat(32),
    email: `${CANARY}@example.com`,
  };

  test("holds nothing that proves who somebody is, however a request fails", async () => {
    const { password, key, token, email } = secrets;
    await auth("/sign-in/email", { email, password });
    await auth("/password/reset", { token, password });
    await call(`/nowhere?token=${token}`, { token: key });
    await call("/api/v1/keys", { method: "POST", token: key, body: `{"password":"${password}"` });
    await call("/api/v1/me", { headers: { cookie: `__Host-isola_session=${token}.${token}` } });
    // The database itself fails, with what was sent in the values of its query.
    for (const [table, fail] of [
      ["verification", () => auth("/password/forgot", { email: OWNER.email })],
      ["invitation", () => call("/api/v1/invitations/look", { method: "POST", json: { token } })],
      ["mail", () => auth("/password/forgot", { email: "somebody@example.com" })],
      ["account", () => auth("/sign-in/email", { email: OWNER.email, password })],
      ["api_key", () => call("/api/v1/me", { token: key })],
      ["session", () => call("/api/v1/me", { headers: { cookie } })],
    ] as const) {
      await core.sql.query(`alter table "${table}" rename to gone`);
      const before = core.printed().length;
      await fail();
      // Some of it is done after the answer.
      await expect.poll(() => core.printed().length, { timeout: 10_000 }).toBeGreaterThan(before);
      await core.sql.query(`alter table gone rename to "${table}"`);
    }
    const printed = core.printed();
    expect(printed).toMatch(/later: .*failed query: insert into \\?"mail/i);
    expect(printed).toMatch(/failed query: select/i);
    expect(printed.match(/req_\w+/g)?.length).toBeGreaterThan(3);
    for (const secret of [password, key, token, email, key.slice(6, 30), OWNER.password, OWNER.email]) {
      expect(printed).not.toContain(secret);
    }
    // Neither the hashes by which they would be known, nor the link of a letter.
    expect(printed).not.toMatch(/[0-9a-f]{40}|reset-password\?token=[0-9a-f]/);
  });
});

test("cookies are bound to this host, to TLS, and kept from scripts", () => {
  expect(cookiesSet.length).toBeGreaterThan(0);
  for (const line of cookiesSet) {
    expect(line).toMatch(/^__Host-[\w.-]+=/);
    expect(line).toMatch(/; Path=\/(?:;|$)/i);
    expect(line).toMatch(/; Secure/i);
    expect(line).toMatch(/; HttpOnly/i);
    expect(line).toMatch(/; SameSite=(?:Lax|Strict)/i);
    expect(line).not.toMatch(/Domain=/i);
  }
});

function bodyFor({ method, body }: Operation): CallOptions {
  return body === null ? { method } : { method, json: sampleOf(body) };
}
