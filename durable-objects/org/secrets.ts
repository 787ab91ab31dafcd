import { PlatformError } from "../../contracts/errors.ts";
import { SECRETS_PER_ORG_MAX } from "../../contracts/limits.ts";
import type { SecretSummary } from "../../contracts/secrets.ts";
import type { Database } from "../database.ts";
import { secretContext } from "../secrets/contexts.ts";
import type { Keyring } from "../secrets/keyring.ts";
import { requireQuota } from "./quotas.ts";
import { reconfigureDispatcher } from "./reconfigure.ts";
import { getScript } from "./scripts.ts";
import { getOrg } from "./settings.ts";

type SecretRow = {
  name: string;
  /** Empty for all scripts of the org. */
  script_id: string;
  sealed: string;
  /** Of the key that the data key is wrapped by. */
  key_version: number;
  created_at: number;
  updated_at: number;
};

/** Everything but the values, by name, the org's own before those of single scripts. */
export function listSecrets(db: Database): SecretSummary[] {
  const columns = "name, script_id, key_version, created_at, updated_at";
  return db.all<Omit<SecretRow, "sealed">>(`SELECT ${columns} FROM secrets ORDER BY name, script_id`).map(summaryOf);
}

/** A secret to set, sealed. */
export interface SealedSecret {
  name: string;
  scriptId: string | null;
  sealed: string;
  keyVersion: number;
}

/** Sets or replaces a secret. Throws `not_found` for an unknown script, `over_budget` for one too many. */
export function setSecret(
  db: Database,
  secret: SealedSecret,
  now: number,
): { secret: SecretSummary; created: boolean } {
  if (secret.scriptId !== null) getScript(db, secret.scriptId);
  const before = findRow(db, secret.name, secret.scriptId);
  if (before === null) refuseOneTooMany(db);
  const row: SecretRow = {
    name: secret.name,
    script_id: secret.scriptId ?? "",
    sealed: secret.sealed,
    key_version: secret.keyVersion,
    created_at: before?.created_at ?? now,
    updated_at: now,
  };
  db.run(
    `INSERT OR REPLACE INTO secrets (name, script_id, sealed, key_version, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
    row.name,
    row.script_id,
    row.sealed,
    row.key_version,
    row.created_at,
    row.updated_at,
  );
  return { secret: summaryOf(row), created: before === null };
}

/** Removes a secret; false when there was none. */
export function deleteSecret(db: Database, name: string, scriptId: string | null): boolean {
  if (findRow(db, name, scriptId) === null) return false;
  db.run("DELETE FROM secrets WHERE name = ? AND script_id = ?", name, scriptId ?? "");
  return true;
}

/** The values that a script may read, in the order of the names, its own before the org's; null for what is not there. */
export async function readSecrets(
  db: Database,
  keyring: Keyring,
  { scriptId, names }: { scriptId: string; names: readonly string[] },
): Promise<(string | null)[]> {
  const { org_id: orgId } = getOrg(db);
  const rows = names.map((name) => findRow(db, name, scriptId) ?? findRow(db, name, null));
  const open = async (row: SecretRow | null): Promise<string | null> =>
    row === null ? null : keyring.open(row.sealed, secretContext(orgId, row.script_id || null, row.name));
  return Promise.all(rows.map(open));
}

/**
 * Wraps the data keys of everything that the org has sealed by the newest key, signing secrets of webhooks too. What is
 * set anew meanwhile stays as it was set.
 */
export async function rewrapSecrets(
  db: Database,
  keyring: Keyring,
  now: number,
): Promise<{ rewrapped: number; total: number }> {
  const secrets = await rewrapTable(db, keyring, "secrets");
  const signing = await rewrapTable(db, keyring, "signing_secrets");
  if (signing.rewrapped > 0) reconfigureDispatcher(db, now);
  return { rewrapped: secrets.rewrapped + signing.rewrapped, total: secrets.total + signing.total };
}

async function rewrapTable(
  db: Database,
  keyring: Keyring,
  table: "secrets" | "signing_secrets",
): Promise<{ rewrapped: number; total: number }> {
  const { newest } = keyring;
  const old = db.all<{ id: number }>(`SELECT id FROM ${table} WHERE key_version <> ?`, newest);
  let rewrapped = 0;
  for (const { id } of old) {
    const sealed = db.find<{ sealed: string }>(`SELECT sealed FROM ${table} WHERE id = ?`, id)?.sealed;
    if (sealed === undefined) continue;
    const anew = await keyring.rewrap(sealed);
    // The org may have gone meanwhile; what was set meanwhile has another id.
    getOrg(db);
    db.run(`UPDATE ${table} SET sealed = ?, key_version = ? WHERE id = ?`, anew, newest, id);
    rewrapped += 1;
  }
  return { rewrapped, total: db.find<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)?.count ?? 0 };
}

function findRow(db: Database, name: string, scriptId: string | null): SecretRow | null {
  return db.find<SecretRow>("SELECT * FROM secrets WHERE name = ? AND script_id = ?", name, scriptId ?? "");
}

function refuseOneTooMany(db: Database): void {
  const usage = db.find<{ count: number }>("SELECT count(*) AS count FROM secrets")?.count ?? 0;
  requireQuota(db, "secrets", usage);
  if (usage < SECRETS_PER_ORG_MAX) return;
  throw new PlatformError("over_budget", `An org has at most ${SECRETS_PER_ORG_MAX} secrets. Delete one first.`, {
    limit: SECRETS_PER_ORG_MAX,
    usage,
  });
}

function summaryOf(row: Omit<SecretRow, "sealed">): SecretSummary {
  return {
    name: row.name,
    scriptId: row.script_id || null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    keyVersion: row.key_version,
  };
}
