import type { HostRecord } from "../../contracts/domains.ts";
import { codeKey, type Projection, projectionKey, type RedirectRecord } from "../../contracts/projection.ts";
import type { Database } from "../database.ts";
import type { Env } from "../env.ts";
import type { OutboxRow } from "../outbox/rows.ts";
import type { DispatcherConfiguration, StoreName, StoreTriggers } from "../objects.ts";
import { dispatcherStub, logStub, sqlStub, storeStub, toolsStub } from "../stubs.ts";
import { dispatcherConfiguration, storeTriggers } from "./configuration.ts";
import { findPart } from "./content.ts";
import { findHostRecord } from "./domains.ts";
import { findLinkedCode } from "./linked-code.ts";
import { findProjection } from "./projection.ts";
import { storeOfKey } from "./reconfigure.ts";
import { findOpenOrg, findOrg, retentionMs, storedSettings } from "./settings.ts";

/** What the Org object reaches outside itself. */
export interface Outside {
  projections: {
    get(key: string): Promise<string | null>;
    /** `expiration` is when it goes by itself, in seconds since the epoch. */
    put(key: string, value: string, options?: { expiration: number }): Promise<void>;
    delete(key: string): Promise<void>;
  };
  configureDispatcher(configuration: DispatcherConfiguration): Promise<void>;
  setTriggers(store: StoreName, triggers: StoreTriggers): Promise<void>;
  /** Says how long the log is kept, in milliseconds; null for as long as the platform keeps it. */
  setRetention(orgId: string, retentionMs: number | null): Promise<void>;
  /** How many bytes a collection has. */
  sizeOf(store: StoreName): Promise<number>;
  /** Erases one of the org's objects; safe to repeat. */
  erase(object: "log" | "dispatcher" | "tools" | "sql", orgId: string): Promise<void>;
  eraseStore(store: StoreName): Promise<void>;
}

/** The real outside. */
export function outsideOf(env: Env): Outside {
  return {
    projections: env.PROJECTIONS,
    configureDispatcher: (configuration) => dispatcherStub(env, configuration.orgId).configure(configuration),
    setTriggers: (store, triggers) => storeStub(env, store).setTriggers(store, triggers),
    setRetention: (orgId, retentionMs) => logStub(env, orgId).setRetention(retentionMs),
    sizeOf: (store) => storeStub(env, store).size(),
    erase: async (object, orgId) => STUBS[object](env, orgId).erase(),
    eraseStore: (store) => storeStub(env, store).erase(),
  };
}

const STUBS = { log: logStub, dispatcher: dispatcherStub, tools: toolsStub, sql: sqlStub } as const;

/** Does what an outbox row asks for. It says what is true now, not what was true when the row was written. */
export async function deliver(db: Database, outside: Outside, row: OutboxRow): Promise<void> {
  const { projections } = outside;
  switch (row.operation) {
    case "put_code": {
      const code = row.version_id === null ? null : findPart(db, row.version_id, "code");
      if (code !== null) await projections.put(row.key, code);
      return;
    }
    case "put_linked_code":
    case "put_dependant_code": {
      const org = findOrg(db);
      const hash = org === null ? "" : row.key.slice(codeKey(org.org_id, "").length);
      const code = findLinkedCode(db, hash);
      if (code !== null) await projections.put(row.key, JSON.stringify(code));
      return;
    }
    case "put_projection": {
      const projection = findProjection(db);
      if (projection !== null) await projections.put(row.key, JSON.stringify(projection));
      return;
    }
    case "put_redirect":
      await putRedirect(db, outside, row.key);
      return;
    case "put_host": {
      const record = findOpenOrg(db) === null ? null : findHostRecord(db, row.key);
      if (record !== null) await projections.put(row.key, JSON.stringify(record));
      return;
    }
    case "delete_host":
    case "delete_projection": {
      const published = await projections.get(row.key);
      if (published !== null && orgOf(published) === findOrg(db)?.org_id) await projections.delete(row.key);
      return;
    }
    case "delete_code":
      await projections.delete(row.key);
      return;
    case "configure_dispatcher":
      if (findOpenOrg(db) !== null) await outside.configureDispatcher(dispatcherConfiguration(db, Date.now()));
      return;
    case "configure_store": {
      const org = findOpenOrg(db);
      if (org === null) return;
      const { kind, name } = storeOfKey(row.key);
      await outside.setTriggers({ orgId: org.org_id, kind, name }, storeTriggers(db, kind, name));
      return;
    }
    case "configure_log": {
      const org = findOpenOrg(db);
      if (org !== null) await outside.setRetention(org.org_id, retentionMs(storedSettings(org).quotas));
      return;
    }
    case "erase_store": {
      const org = findOrg(db);
      if (org !== null) await outside.eraseStore({ orgId: org.org_id, ...storeOfKey(row.key) });
      return;
    }
    case "erase_log":
    case "erase_dispatcher":
    case "erase_tools":
    case "erase_sql": {
      const org = findOrg(db);
      if (org !== null) await outside.erase(ERASED[row.operation], org.org_id);
      return;
    }
  }
}

const ERASED = { erase_log: "log", erase_dispatcher: "dispatcher", erase_tools: "tools", erase_sql: "sql" } as const;

/** KV takes no value that is to go sooner. */
const EXPIRATION_MS_MIN = 60 * 1000;

async function putRedirect(db: Database, { projections }: Outside, key: string): Promise<void> {
  const org = findOpenOrg(db);
  const redirects = db.all<{ slug: string; until: number }>("SELECT slug, until FROM redirects");
  const redirect = redirects.find(({ slug }) => projectionKey(slug) === key);
  // The next who asks for one that is nearly over finds it in the directory, or nothing.
  if (org === null || redirect === undefined || redirect.until < Date.now() + 2 * EXPIRATION_MS_MIN) return;
  const record: RedirectRecord = { redirectTo: org.slug, orgId: org.org_id, until: redirect.until };
  await projections.put(key, JSON.stringify(record), { expiration: Math.floor(redirect.until / 1000) });
}

/** Whose it is: a slug or a domain that was given up may be another org's by now. */
function orgOf(published: string): string {
  return (JSON.parse(published) as Projection | RedirectRecord | HostRecord).orgId;
}
