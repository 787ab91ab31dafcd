import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { DOMAINS_PER_ORG_MAX } from "../../contracts/limits.ts";
import { type Answer, type Core, startCore } from "./support/core.ts";
import { type CustomHostnames, startCustomHostnames } from "./support/custom-hostnames.ts";
import { type NameServer, startNameServer } from "./support/name-server.ts";
import { claim, makeOrg, type Person } from "./support/people.ts";

let core: Core;
let owner: Person;
let dns: NameServer;
let certificates: CustomHostnames;
let home: string;
let away: string;
beforeAll(async () => {
  [dns, certificates] = await Promise.all([startNameServer(), startCustomHostnames()]);
  core = await startCore({
    DNS_URL: dns.url,
    DOMAINS_TARGET: "edge.isola.example",
    CERTIFICATES: "cloudflare",
    CLOUDFLARE_API_URL: certificates.url,
    CLOUDFLARE_ZONE_ID: certificates.zoneId,
    CLOUDFLARE_API_TOKEN: certificates.token,
  });
  owner = await claim(core);
  home = await makeOrg(core, owner.token, "home");
  away = await makeOrg(core, owner.token, "away");
});
afterAll(async () => {
  await core.stop();
  await Promise.all([dns.close(), certificates.close()]);
});

let names = 0;
/** A domain that no test had before. */
let base: string;
beforeEach(() => {
  names += 1;
  base = `test${names}.example`;
  dns.fault = "none";
  certificates.fault = "none";
});

const send = (slug: string, method: string, path: string, json?: unknown): Promise<Answer> =>
  core.call(`/api/v1/orgs/${slug}/domains${path}`, {
    method,
    token: owner.token,
    ...(json === undefined ? {} : { json }),
  });
const claimIt = (domain: string, slug = "home") => send(slug, "POST", "", { domain });
const prove = ({ json }: Answer): void => {
  const { name, value } = json.records?.proof ?? json.error.details.proof;
  dns.records.set(name, [...(dns.records.get(name) ?? []), "v=spf1 -all", value]);
};
/** As if it had been a while since somebody looked. */
const later = (hostname: string) =>
  core.sql.query("update domain set checked_at = now() - interval '1 hour' where hostname = $1", [hostname]);
const found = async (hostname: string) => (await core.door("directory", "findDomain", hostname)).value;

describe("a claim", () => {
  test("waits for its record, and is active once that is there", async () => {
    const claimed = await claimIt(`shop.${base}`);
    expect(claimed.status).toBe(201);
    expect(claimed.json).toMatchObject({
      domain: `shop.${base}`,
      state: "pending",
      records: {
        proof: {
          type: "TXT",
          name: `_isola-challenge.shop.${base}`,
          value: expect.stringMatching(/^isola-domain=\w{40}$/),
        },
        target: { type: "CNAME", name: `shop.${base}`, value: "edge.isola.example" },
      },
      problem: expect.stringContaining("There is no TXT record"),
    });
    expect(await found(`shop.${base}`)).toBeNull();
    prove(claimed);
    await later(`shop.${base}`);
    const verified = await send("home", "POST", `/shop.${base}/verify`);
    expect(verified.json).toMatchObject({ state: "active", problem: null, expiresAt: null });
    expect(await found(`shop.${base}`)).toEqual({ orgId: home, slug: "home", hostname: `shop.${base}`, label: null });
  });

  test("whose record is there already is active at once", async () => {
    const refused = await claimIt(`a.${base}`);
    prove(refused);
    await send("home", "DELETE", `/a.${base}`);
    expect((await claimIt(`a.${base}`)).json).toMatchObject({ state: "active" });
  });

  test("is proved by the clock too", async () => {
    prove(await claimIt(base));
    expect(await core.tick()).toBe("ok");
    expect((await send("home", "GET", `/${base}`)).json.state).toBe("active");
  });

  test("of a domain that another org has proved is refused, whatever its own proof", async () => {
    prove(await claimIt(base));
    await core.tick();
    const refused = await claimIt(base, "away");
    expect(refused.status).toBe(409);
    expect(refused.json.error.details).toEqual({ hostname: base });
  });

  test("that another org has not proved is refused with the record that would win it", async () => {
    await claimIt(base);
    const refused = await claimIt(base, "away");
    expect(refused.status).toBe(409);
    prove(refused);
    expect((await claimIt(base, "away")).json).toMatchObject({ state: "active" });
    expect(await found(base)).toMatchObject({ orgId: away });
    expect((await send("home", "GET", `/${base}`)).status).toBe(404);
  });

  test("by two orgs at once is one org's", async () => {
    const answers = await Promise.all(["home", "away"].map((slug) => claimIt(base, slug)));
    expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([201, 409]));
  });

  test("may be repeated, and gives a wildcard's label another name", async () => {
    await claimIt(`{shop}.${base}`);
    const again = await claimIt(`{tenant}.${base}`);
    expect(again.json).toMatchObject({ domain: `{tenant}.${base}`, hostname: `*.${base}`, state: "pending" });
    expect(
      (await send("home", "GET", "")).json.items.filter((item: { hostname: string }) => item.hostname === `*.${base}`),
    ).toHaveLength(1);
  });

  test("that nobody proves in time ends, and the domain is open to others", async () => {
    await claimIt(base);
    await core.sql.query("update domain set expires_at = now() - interval '1 second' where hostname = $1", [base]);
    await core.tick();
    expect((await send("home", "GET", `/${base}`)).status).toBe(404);
    expect((await claimIt(base, "away")).status).toBe(201);
  });

  test.each(["localhost", "app.localhost", "*.localhost", "shop", "127.0.0.1", "a.b.localhost"])(
    "of %s is refused",
    async (domain) => {
      expect((await claimIt(domain)).status).toBe(422);
    },
  );

  test("stands without the DNS, and is looked at again", async () => {
    dns.fault = "fails";
    const claimed = await claimIt(base);
    expect(claimed.json).toMatchObject({ state: "pending", problem: expect.stringContaining("could not be asked") });
    await later(base);
    expect((await send("home", "POST", `/${base}/verify`)).status).toBe(503);
    dns.fault = "garbage";
    expect((await send("home", "POST", `/${base}/verify`)).status).toBe(503);
    dns.fault = "refuses";
    expect((await send("home", "POST", `/${base}/verify`)).status).toBe(503);
    dns.fault = "none";
    prove(claimed);
    expect((await send("home", "POST", `/${base}/verify`)).json.state).toBe("active");
  });

  test("is not looked for more often than every few seconds", async () => {
    await claimIt(base);
    const refused = await send("home", "POST", `/${base}/verify`);
    expect(refused.status).toBe(429);
    expect(refused.json.error.details.retryAfterSeconds).toBeGreaterThan(0);
  });

  test("beyond the plan's quota is refused", async () => {
    await core.call("/api/v1/orgs", { token: owner.token, json: { slug: "small" } });
    await core.call("/api/v1/orgs/small", { method: "PATCH", token: owner.token, json: { quotas: { domains: 1 } } });
    expect((await claimIt(`one.${base}`, "small")).status).toBe(201);
    const refused = await claimIt(`two.${base}`, "small");
    expect(refused.json.error).toMatchObject({ code: "over_quota", details: { quota: "domains", limit: 1, used: 1 } });
  });

  test("beyond what the platform keeps for one org is refused", async () => {
    await makeOrg(core, owner.token, "many");
    await core.sql.query(
      `insert into domain (id, org_id, hostname) select 'dom_many' || n, (select id from org where slug = 'many'), n || '.many.example' from generate_series(1, ${DOMAINS_PER_ORG_MAX}) n`,
    );
    expect((await claimIt(base, "many")).json.error).toMatchObject({
      code: "conflict",
      details: { used: DOMAINS_PER_ORG_MAX },
    });
  });
});

describe("of several claims over a host", () => {
  test("the most specific has it", async () => {
    for (const domain of [`*.${base}`, `*.shop.${base}`, `eu.shop.${base}`]) {
      prove(await claimIt(domain, domain.startsWith("*.shop") ? "away" : "home"));
    }
    await core.tick();
    expect(await found(`eu.shop.${base}`)).toMatchObject({ orgId: home, hostname: `eu.shop.${base}` });
    expect(await found(`us.shop.${base}`)).toMatchObject({ orgId: away, hostname: `*.shop.${base}` });
    expect(await found(`deep.us.shop.${base}`)).toMatchObject({ orgId: away, hostname: `*.shop.${base}` });
    expect(await found(`blog.${base}`)).toMatchObject({ orgId: home, hostname: `*.${base}` });
    expect(await found(base)).toBeNull();
    expect(await found(`BLOG.${base}`)).toBeNull();
  });
});

describe("a released domain", () => {
  test("leads nowhere, and another org may have it", async () => {
    prove(await claimIt(base));
    await core.tick();
    expect((await send("home", "DELETE", `/${base}`)).status).toBe(204);
    expect(await found(base)).toBeNull();
    expect((await send("home", "DELETE", `/${base}`)).status).toBe(404);
    expect((await claimIt(base, "away")).status).toBe(201);
  });

  test("of another org cannot be released", async () => {
    await claimIt(base);
    expect((await send("away", "DELETE", `/${base}`)).status).toBe(404);
  });
});

describe("a certificate", () => {
  const activate = async (domain: string): Promise<Answer> => {
    prove(await claimIt(domain));
    await core.tick();
    return send("home", "GET", `/${encodeURIComponent(domain)}`);
  };
  const entryOf = (name: string) => [...certificates.entries.values()].find(({ hostname }) => hostname === name);
  /** As if the clock had not looked for a while. */
  const passTime = () => core.sql.query("update domain set updated_at = now() - interval '1 hour'");

  test("is asked for when the domain is active, and tells what its authority wants to see", async () => {
    const { json } = await activate(base);
    expect(json.certificate).toMatchObject({
      state: "pending",
      records: [
        { type: "TXT", name: `_cf-custom-hostname.${base}` },
        { type: "TXT", name: `_acme-challenge.${base}` },
      ],
    });
    const entry = entryOf(base);
    if (entry !== undefined) entry.status = "active";
    await passTime();
    await core.tick();
    expect((await send("home", "GET", `/${base}`)).json.certificate).toEqual({
      state: "active",
      problem: null,
      records: [],
    });
  });

  test("of which the answer was lost is found again, and made once", async () => {
    certificates.fault = "loses";
    const { json } = await activate(base);
    expect(json.certificate).toMatchObject({ state: "pending", problem: expect.any(String) });
    certificates.fault = "none";
    await passTime();
    await core.tick();
    expect((await send("home", "GET", `/${base}`)).json.certificate.records).toHaveLength(2);
    expect([...certificates.entries.values()].filter(({ hostname }) => hostname === base)).toHaveLength(1);
  });

  test("that cannot be asked for now comes later, and the domain answers meanwhile", async () => {
    certificates.fault = "fails";
    expect((await activate(base)).json).toMatchObject({ state: "active", certificate: { state: "pending" } });
    certificates.fault = "none";
    await passTime();
    await core.tick();
    expect(entryOf(base)).toBeDefined();
  });

  test("covers a wildcard with the name under it, and goes with the last of them", async () => {
    await activate(base);
    await activate(`*.${base}`);
    expect(entryOf(base)).toMatchObject({ wildcard: true });
    await send("home", "DELETE", `/${base}`);
    await core.tick();
    expect(entryOf(base)).toBeDefined();
    await send("home", "DELETE", `/*.${base}`);
    await core.tick();
    expect(entryOf(base)).toBeUndefined();
  });

  test("is removed as soon as its provider lets it", async () => {
    await activate(base);
    certificates.fault = "fails";
    expect((await send("home", "DELETE", `/${base}`)).status).toBe(204);
    await core.tick();
    expect(entryOf(base)).toBeDefined();
    certificates.fault = "none";
    await core.tick();
    expect(entryOf(base)).toBeUndefined();
  });
});
