import type { Trigger, TriggerKind } from "../../contracts/events/trigger.ts";
import type { Database } from "../database.ts";
import type { DispatcherConfiguration, SigningSecret } from "../objects.ts";

type IdentityRow = { org_id: string; slug: string; revision: number; resting: number };
type Identity = { orgId: string; slug: string; revision: number; resting: boolean };

/** What a Dispatcher knows of its org: a copy of what the Org said last, in storage and in memory. */
export class Configuration {
  readonly #db: Database;
  #identity: Identity | null = null;
  #triggers = new Map<string, Trigger>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads what is stored. */
  load(): void {
    this.#identity = null;
    this.#triggers = new Map();
    if (!this.#db.exists) return;
    const row = this.#db.find<IdentityRow>("SELECT org_id, slug, revision, resting FROM identity");
    if (row !== null) {
      const { org_id: orgId, slug, revision, resting } = row;
      this.#identity = { orgId, slug, revision, resting: resting === 1 };
    }
    const bodies = this.#db.all<{ body: string }>("SELECT body FROM triggers WHERE configured = 1");
    for (const { body } of bodies) {
      const trigger = JSON.parse(body) as Trigger;
      this.#triggers.set(trigger.id, trigger);
    }
  }

  /** Null before the Org has said anything. */
  get identity(): Identity | null {
    return this.#identity;
  }

  /** Whether the org is not running, so that all there is waits. */
  get resting(): boolean {
    return this.#identity?.resting === true;
  }

  /** All that are active or paused, by id. */
  get triggers(): ReadonlyMap<string, Trigger> {
    return this.#triggers;
  }

  /** Those of one kind. */
  ofKind(kind: TriggerKind): Trigger[] {
    return [...this.#triggers.values()].filter(({ source }) => source.kind === kind);
  }

  /** A webhook trigger's signing secrets, sealed, the newest first. */
  signingSecrets(triggerId: string): SigningSecret[] {
    const query = "SELECT signing_secrets FROM triggers WHERE id = ? AND configured = 1";
    const row = this.#db.exists ? this.#db.find<{ signing_secrets: string }>(query, triggerId) : null;
    return row === null ? [] : (JSON.parse(row.signing_secrets) as SigningSecret[]);
  }

  /**
   * Stores what the Org says, within the caller's transaction; memory follows by {@link load} when that has been
   * committed. A trigger that is no longer among them is remembered by name as long as it has deliveries to show.
   */
  store(next: DispatcherConfiguration): void {
    const db = this.#db;
    db.run(
      "INSERT OR REPLACE INTO identity (only, org_id, slug, revision, resting) VALUES (1, ?, ?, ?, ?)",
      next.orgId,
      next.slug,
      next.revision,
      next.resting ? 1 : 0,
    );
    db.run("UPDATE triggers SET configured = 0, signing_secrets = '[]'");
    for (const trigger of next.triggers) {
      db.run(
        `INSERT OR REPLACE INTO triggers (id, name, kind, configured, body, signing_secrets)
         VALUES (?, ?, ?, 1, ?, ?)`,
        trigger.id,
        trigger.name,
        trigger.source.kind,
        JSON.stringify(trigger),
        JSON.stringify(next.signingSecrets[trigger.id] ?? []),
      );
    }
    db.run(
      `DELETE FROM triggers WHERE configured = 0
       AND NOT EXISTS (SELECT 1 FROM deliveries WHERE trigger_id = triggers.id)`,
    );
  }
}
