import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";

import type { HostRecord } from "../../contracts/domains.ts";
import { newId } from "../../contracts/ids.ts";
import { SLUG_REDIRECT_MS } from "../../contracts/limits.ts";
import type { ProjectedMachine } from "../../contracts/machines.ts";
import { ORG_STATES, type OrgState, type Projection, type RedirectRecord } from "../../contracts/projection.ts";
import { door, openedOrg, published, refusalOf, testEnv } from "../testing/harness.ts";
import { playground } from "../testing/outside.ts";

beforeEach(() => playground.reset());

let slugs = 0;

/** An org of a test's own, whose outside is the playground. */
async function opened(state?: OrgState) {
  const orgId = newId("org");
  const slug = `life-${(slugs += 1)}`;
  const org = testEnv.DETACHED_ORG.getByName(orgId);
  await org.openOrg(orgId, slug, state);
  return { orgId, slug, org };
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the shape of what is published
const at = <T>(key: string): T | null => {
  const text = playground.values.get(key);
  return text === undefined ? null : (JSON.parse(text) as T);
};
const projectionAt = (slug: string) => at<Projection>(`slug:${slug}`);
const redirectAt = (slug: string) => at<RedirectRecord>(`slug:${slug}`);
const hostAt = (hostname: string) => at<HostRecord>(`host:${hostname}`);
const later = () => Date.now() + SLUG_REDIRECT_MS;

const machine: ProjectedMachine = {
  id: "mch_1",
  driver: "mock",
  state: "started",
  origin: "http://127.0.0.1:9000",
  network: "host",
  secretsVersion: 1,
  wake: true,
};

describe("the state of an org", () => {
  it("is published, each of them", async () => {
    const { orgId, slug } = await openedOrg();
    for (const state of ORG_STATES) {
      await door.setOrgState(orgId, state);
      expect((await published(slug))?.state).toBe(state);
    }
  });

  it("is what it was opened in, and opening it again changes neither that nor its slug", async () => {
    const { orgId, slug, org } = await opened("provisioning");
    expect(projectionAt(slug)).toMatchObject({ state: "provisioning", revision: 1 });
    await org.openOrg(orgId, `${slug}-other`, "running");
    expect(await org.projection()).toMatchObject({ slug, state: "provisioning", revision: 1 });
  });

  it("is what its Dispatcher goes by: it rests unless the org runs", async () => {
    const { orgId, org } = await opened();
    expect(await org.dispatcherConfiguration()).toMatchObject({ resting: false });
    await org.setOrgState("suspended");
    expect(playground.configurations.get(orgId)).toMatchObject({ resting: true });
    await org.setOrgState("running");
    expect(playground.configurations.get(orgId)).toMatchObject({ resting: false });
  });
});

describe("the machine of an org", () => {
  it("is published, and is nowhere once it is gone", async () => {
    const { orgId, slug } = await openedOrg();
    await door.setMachine(orgId, machine);
    await door.setMachine(orgId, machine);
    expect(await published(slug)).toMatchObject({ machine, revision: 2 });
    await door.setMachine(orgId, null);
    expect(await published(slug)).not.toHaveProperty("machine");
  });
});

describe("renaming an org", () => {
  it("publishes it under the new slug first, and then has the old one lead there for a time", async () => {
    const { orgId, slug, org } = await opened();
    playground.deeds.length = 0;
    const until = later();
    await org.renameOrg(`${slug}-b`, until);
    await org.renameOrg(`${slug}-b`, until);
    expect(playground.deeds).toEqual([`put slug:${slug}-b`, `put slug:${slug}`]);
    expect(projectionAt(`${slug}-b`)).toMatchObject({ orgId, slug: `${slug}-b` });
    expect(redirectAt(slug)).toEqual({ redirectTo: `${slug}-b`, orgId, until });
    expect(playground.expirations.get(`slug:${slug}`)).toBe(Math.floor(until / 1000));
  });

  it("has every older slug lead to the newest at once", async () => {
    const { slug, org } = await opened();
    await org.renameOrg(`${slug}-b`, later());
    await org.renameOrg(`${slug}-c`, later());
    expect(redirectAt(slug)?.redirectTo).toBe(`${slug}-c`);
    expect(redirectAt(`${slug}-b`)?.redirectTo).toBe(`${slug}-c`);
  });

  it("lets it take its old slug back", async () => {
    const { orgId, slug, org } = await opened();
    await org.renameOrg(`${slug}-b`, later());
    await org.renameOrg(slug, later());
    expect(projectionAt(slug)).toMatchObject({ orgId, slug });
    expect(redirectAt(`${slug}-b`)?.redirectTo).toBe(slug);
  });

  it("publishes no redirect whose time is over", async () => {
    const { slug, org } = await opened();
    playground.values.delete(`slug:${slug}`);
    await org.renameOrg(`${slug}-b`, Date.now());
    expect(redirectAt(slug)).toBeNull();
  });

  it("tells the Dispatcher and the domains of the new slug", async () => {
    const { orgId, slug, org } = await opened();
    await org.dispatcherConfiguration();
    await org.setDomains([{ hostname: "shop.example.com", label: null }]);
    await org.renameOrg(`${slug}-b`, later());
    expect(playground.configurations.get(orgId)?.slug).toBe(`${slug}-b`);
    expect(hostAt("shop.example.com")?.slug).toBe(`${slug}-b`);
  });
});

describe("the domains of an org", () => {
  it("are published, changed and removed, and only what changed is written", async () => {
    const { orgId, slug, org } = await opened();
    await org.setDomains([
      { hostname: "shop.example.com", label: null },
      { hostname: "*.example.com", label: "tenant" },
    ]);
    expect(hostAt("*.example.com")).toEqual({ orgId, slug, hostname: "*.example.com", label: "tenant" });
    playground.deeds.length = 0;
    await org.setDomains([{ hostname: "shop.example.com", label: null }]);
    expect(playground.deeds).toEqual(["delete host:*.example.com"]);
    expect(hostAt("shop.example.com")).toMatchObject({ orgId, slug });
  });

  it("are left alone where another org has published them meanwhile", async () => {
    const { org } = await opened();
    await org.setDomains([{ hostname: "shop.example.com", label: null }]);
    const other = await opened();
    await other.org.setDomains([{ hostname: "shop.example.com", label: null }]);
    await org.setDomains([]);
    expect(hostAt("shop.example.com")?.orgId).toBe(other.orgId);
  });
});

describe("destroying an org that had other names", () => {
  it("removes redirects and domains, and lets nothing late bring them back", async () => {
    const { slug, org } = await opened();
    await org.setDomains([{ hostname: "shop.example.com", label: null }]);
    playground.failing = [`slug:${slug}`, "host:"];
    await org.renameOrg(`${slug}-b`, later());
    expect((await refusalOf(org.destroyOrg())).code).toBe("unavailable");
    playground.failing = [];
    await org.destroyOrg();
    expect([...playground.values.keys()]).toEqual([]);
  });
});

describe("an org's object from before states, machines and domains", () => {
  it("keeps all it had", async () => {
    const { slug, org } = await opened();
    const before = await org.projection();
    await runInDurableObject(org, (_, state) => {
      const { sql } = state.storage;
      sql.exec(`CREATE TABLE before_life AS SELECT * FROM org; DROP TABLE org; DROP TABLE redirects; DROP TABLE domains;
        CREATE TABLE org (only INTEGER PRIMARY KEY CHECK (only = 1), org_id TEXT NOT NULL, slug TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('running', 'destroying', 'destroyed')), revision INTEGER NOT NULL,
        settings TEXT NOT NULL DEFAULT '{}', events_revision INTEGER NOT NULL DEFAULT 0,
        has_dispatcher INTEGER NOT NULL DEFAULT 0, storage_full INTEGER NOT NULL DEFAULT 0) STRICT;
        INSERT INTO org SELECT only, org_id, slug, state, revision, settings, events_revision, has_dispatcher, storage_full
        FROM before_life; DROP TABLE before_life; DELETE FROM migrations WHERE name = '0009-life'`);
    });
    await evictDurableObject(org);
    const again = testEnv.DETACHED_ORG.getByName(before?.orgId ?? "");
    expect(await again.projection()).toEqual(before);
    await again.setOrgState("suspended");
    expect(projectionAt(slug)?.state).toBe("suspended");
  });
});
