import type { CollectionKind } from "../../contracts/data/collections.ts";
import type { Trigger } from "../../contracts/events/trigger.ts";
import type { Database } from "../database.ts";
import type { DispatcherConfiguration, SigningSecret, StoreTriggers } from "../objects.ts";
import { getOrg } from "./settings.ts";
import { storageOverQuota } from "./storage.ts";
import { type TriggerRow, triggerOf } from "./trigger-rows.ts";

/** What the Dispatcher of the org has to know now. */
export function dispatcherConfiguration(db: Database, now: number): DispatcherConfiguration {
  const { org_id: orgId, slug, state } = getOrg(db);
  const resting = state !== "running";
  const rows = db.all<TriggerRow>("SELECT * FROM triggers WHERE state <> 'disabled' ORDER BY name");
  const known = { orgId, slug, revision: revisionOf(db), resting };
  return { ...known, triggers: rows.map(triggerOf), signingSecrets: secretsOf(db, now) };
}

/** The same, for a Dispatcher that asks: from now on it is told of what changes. */
export function firstConfiguration(db: Database, now: number): DispatcherConfiguration {
  db.run("UPDATE org SET has_dispatcher = 1 WHERE has_dispatcher = 0");
  return dispatcherConfiguration(db, now);
}

/** What the Store of a collection has to know now. */
export function storeTriggers(db: Database, kind: CollectionKind, name: string): StoreTriggers {
  const query = "SELECT * FROM triggers WHERE kind = ? AND subject = ? AND state <> 'disabled' ORDER BY name";
  const triggers = db.all<TriggerRow>(query, kind, name).map(triggerOf);
  const overQuota = storageOverQuota(db);
  return {
    revision: revisionOf(db),
    triggers: triggers.flatMap(({ id, source }) =>
      source.kind === "kv" || source.kind === "docs" ? [{ id, source }] : [],
    ),
    ...(overQuota === null ? {} : { overQuota }),
  };
}

function revisionOf(db: Database): number {
  return db.find<{ events_revision: number }>("SELECT events_revision FROM org")?.events_revision ?? 0;
}

function secretsOf(db: Database, now: number): Record<Trigger["id"], SigningSecret[]> {
  const rows = db.all<{ trigger_id: string; sealed: string; until: number | null }>(
    `SELECT trigger_id, sealed, until FROM signing_secrets JOIN triggers ON triggers.id = trigger_id
     WHERE state <> 'disabled' AND (until IS NULL OR until > ?) ORDER BY signing_secrets.id DESC`,
    now,
  );
  const secrets: Record<string, SigningSecret[]> = {};
  for (const { trigger_id, sealed, until } of rows) (secrets[trigger_id] ??= []).push({ sealed, until });
  return secrets;
}
