import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";

import { DEFAULT_RETRY } from "../../contracts/events/retry.ts";
import { newId } from "../../contracts/ids.ts";
import { SECRETS_PER_ORG_MAX } from "../../contracts/limits.ts";
import { Database } from "../database.ts";
import { secretContext } from "../secrets/contexts.ts";
import { Keyring } from "../secrets/keyring.ts";
import { ada, refusalOf, testEnv, upload } from "../testing/harness.ts";
import { playground } from "../testing/outside.ts";
import type { Org } from "./org.ts";
import { ORG_MIGRATIONS } from "./schema.ts";
import { rewrapSecrets, setSecret } from "./secrets.ts";

beforeEach(() => playground.reset());

const SECOND = `${testEnv.SECRETS_KEYS},2:${btoa("b".repeat(32))}`;

async function opened() {
  const orgId = newId("org");
  const org = testEnv.DETACHED_ORG.getByName(orgId);
  await org.openOrg(orgId, "hello");
  const { script } = await org.saveScript(ada, upload("one"));
  const set = (value: string, scriptId: string | null = null, name = "TOKEN") =>
    org.setSecret({ name, scriptId, value });
  return { orgId, org, script, set };
}

/** Does something with an org's database as if its process had other keys. */
function withDatabase<T>(org: DurableObjectStub<Org>, work: (db: Database) => Promise<T>): Promise<T> {
  return runInDurableObject(org, (_, { storage }) => {
    const db = new Database(storage, ORG_MIGRATIONS);
    db.open(0);
    return work(db);
  });
}

describe("secrets", () => {
  it("are read by name, a script's own before the org's", async () => {
    const { org, script, set } = await opened();
    await set("for all");
    await set("other", null, "OTHER");
    await set("for one", script.id);
    expect(await org.readSecrets(script.id, ["OTHER", "TOKEN", "NONE"])).toEqual(["other", "for one", null]);
    expect(await org.readSecrets("scr_other", ["TOKEN"])).toEqual(["for all"]);
    expect(await org.deleteSecret("TOKEN", script.id)).toBe(true);
    expect(await org.readSecrets(script.id, ["TOKEN"])).toEqual(["for all"]);
  });

  it("are listed without their values, and say when they were set", async () => {
    const { org, script, set } = await opened();
    const first = await set("hush");
    expect(first.created).toBe(true);
    await set("mine", script.id);
    const again = await set("hush hush");
    expect(again.created).toBe(false);
    expect(again.secret.createdAt).toBe(first.secret.createdAt);
    expect(await org.listSecrets()).toEqual([
      { ...again.secret, name: "TOKEN", scriptId: null, keyVersion: 1 },
      expect.objectContaining({ name: "TOKEN", scriptId: script.id }),
    ]);
    expect(JSON.stringify(await org.listSecrets())).not.toMatch(/hush|mine/);
  });

  it("are stored sealed, for their place alone", async () => {
    const { org, script, set } = await opened();
    await set("hush hush hush");
    await set("other", null, "OTHER");
    const text = await runInDurableObject(org, (_, { storage }) =>
      JSON.stringify([...storage.sql.exec("SELECT * FROM secrets")]),
    );
    expect(text).not.toContain("hush");
    await runInDurableObject(org, (_, { storage }) => {
      const other = "(SELECT sealed FROM secrets WHERE name = 'OTHER')";
      storage.sql.exec(`UPDATE secrets SET sealed = ${other} WHERE name = 'TOKEN'`);
    });
    expect((await refusalOf(org.readSecrets(script.id, ["TOKEN"]))).code).toBe("internal");
  });

  it("go with their script", async () => {
    const { org, script, set } = await opened();
    await set("for all");
    await set("for one", script.id);
    await org.deleteScript("hello");
    expect((await org.listSecrets()).map(({ scriptId }) => scriptId)).toEqual([null]);
  });

  it("are refused for a script that is not there, and beyond their number", async () => {
    const { org, set } = await opened();
    expect((await refusalOf(set("x", "scr_unknown"))).code).toBe("not_found");
    await set("first");
    await runInDurableObject(org, (_, { storage }) => {
      for (let index = 1; index < SECRETS_PER_ORG_MAX; index += 1) {
        const insert =
          "INSERT INTO secrets (name, script_id, sealed, key_version, created_at, updated_at) VALUES (?, '', '', 1, 0, 0)";
        storage.sql.exec(insert, `S${index}`);
      }
    });
    expect(await refusalOf(set("x", null, "MORE"))).toMatchObject({
      code: "over_budget",
      details: { limit: SECRETS_PER_ORG_MAX, usage: SECRETS_PER_ORG_MAX },
    });
    expect((await set("again")).created).toBe(false);
    expect(await org.deleteSecret("TOKEN", null)).toBe(true);
    expect(await org.deleteSecret("TOKEN", null)).toBe(false);
  });

  it("are nobody's once the org is gone", async () => {
    const { org, script, set } = await opened();
    await set("hush");
    await org.destroyOrg();
    expect((await refusalOf(org.readSecrets(script.id, ["TOKEN"]))).code).toBe("not_found");
    expect((await refusalOf(set("hush"))).code).toBe("not_found");
  });
});

describe("wrapping secrets anew", () => {
  it("puts all under the newest key, signing secrets too, and tells the Dispatcher", async () => {
    const { orgId, org, script, set } = await opened();
    await set("for all");
    await set("for one", script.id);
    const source = { kind: "webhook" as const, toleranceS: 300 };
    const input = { name: "hook", scriptId: script.id, state: "active" as const, source, retry: DEFAULT_RETRY };
    await org.createTrigger(input);
    const before = await org.dispatcherConfiguration();

    const keyring = new Keyring(SECOND);
    const rewrap = () => withDatabase(org, (db) => rewrapSecrets(db, keyring, Date.now()));
    expect(await rewrap()).toEqual({ rewrapped: 3, total: 3 });
    expect(await rewrap()).toEqual({ rewrapped: 0, total: 3 });
    expect((await org.listSecrets()).map(({ keyVersion }) => keyVersion)).toEqual([2, 2]);
    const after = await org.dispatcherConfiguration();
    expect(after.revision).toBe(before.revision + 1);
    expect(
      Object.values(after.signingSecrets)
        .flat()
        .every(({ sealed }) => keyring.versionOf(sealed) === 2),
    ).toBe(true);
    // The process of these tests has the first key only, so that reading proves which one is needed now.
    expect((await refusalOf(org.readSecrets(script.id, ["TOKEN"]))).message).toContain("version 2");
    const outbox = await runInDurableObject(org, (_, { storage }) =>
      storage.sql.exec("SELECT operation FROM outbox").toArray(),
    );
    expect([orgId, outbox]).toEqual([orgId, [{ operation: "configure_dispatcher" }]]);
  });

  it("does nothing where there is nothing to do", async () => {
    const { org, set } = await opened();
    await set("hush");
    expect(await org.rewrapSecrets()).toEqual({ rewrapped: 0, total: 1 });
  });

  it("leaves what is set meanwhile as it was set", async () => {
    const { orgId, org, script, set } = await opened();
    await set("old");
    const first = new Keyring(testEnv.SECRETS_KEYS);
    const sealed = await first.seal("new", secretContext(orgId, null, "TOKEN"));
    await withDatabase(org, (db) => {
      const keyring = new Keyring(SECOND);
      const rewrap = async (old: string) => {
        const anew = await keyring.rewrap(old);
        setSecret(db, { name: "TOKEN", scriptId: null, sealed, keyVersion: 1 }, 0);
        return anew;
      };
      return rewrapSecrets(db, Object.assign(new Keyring(SECOND), { rewrap }), Date.now());
    });
    expect(await org.readSecrets(script.id, ["TOKEN"])).toEqual(["new"]);
    expect((await org.listSecrets())[0]?.keyVersion).toBe(1);
  });
});
