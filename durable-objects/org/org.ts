import { DurableObject } from "cloudflare:workers";

import type {
  Actor,
  Page,
  PageRequest,
  RouteInput,
  ScriptSummary,
  SettingsPatch,
  StoredSettings,
  VersionFiles,
  VersionInput,
  VersionName,
  VersionSource,
  VersionSummary,
} from "../../contracts/doors.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { REMOVAL_WAIT_MS } from "../../contracts/limits.ts";
import type { OrgState, Projection, VersionCode } from "../../contracts/projection.ts";
import type { Route } from "../../contracts/routing/index.ts";
import { Database } from "../database.ts";
import type { Env } from "../env.ts";
import { type Outside, outsideOf } from "./delivery.ts";
import { destroyOrg } from "./destroy.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { findVersionCode } from "./linked-code.ts";
import { findProjection } from "./projection.ts";
import { Publisher } from "./publisher.ts";
import { createRoute, deleteRoute, listRoutes } from "./routes.ts";
import { rollBack, saveScript } from "./save.ts";
import { ORG_MIGRATIONS } from "./schema.ts";
import {
  deleteScript,
  findScript,
  getScript,
  listScripts,
  patchScript,
  type ScriptPatch,
  summaryOfScript,
} from "./scripts.ts";
import { changeSettings, findOpenOrg, findOrg, getOrg, openOrg, setOrgState, storedSettings } from "./settings.ts";
import { findVersionSource, findVersionFiles, versionPair } from "./version-files.ts";
import { listVersions } from "./versions.ts";

/**
 * Everything that one org has by way of scripts, versions, routes and settings. It alone writes the
 * org's projection and code in KV, through its outbox. Methods are those of `StateDoor`.
 */
export class Org extends DurableObject<Env> {
  readonly #db: Database;
  readonly #publisher: Publisher;

  constructor(ctx: DurableObjectState, env: Env, outside: Outside = outsideOf(env)) {
    super(ctx, env);
    this.#db = new Database(ctx.storage, ORG_MIGRATIONS);
    this.#publisher = new Publisher(this.#db, ctx.storage, outside);
    void ctx.blockConcurrencyWhile(async () => {
      this.#db.open(Date.now());
      await this.#publisher.alarms.arm(Date.now());
    });
  }

  async openOrg(orgId: string, slug: string): Promise<void> {
    await this.#commit((db, now) => openOrg(db, { orgId, slug }, now));
  }

  projection(): Projection | null {
    return findProjection(this.#db);
  }

  async setOrgState(state: OrgState): Promise<void> {
    await this.#commit((db, now) => setOrgState(db, state, now));
  }

  findSettings(): StoredSettings | null {
    const org = findOpenOrg(this.#db);
    return org === null ? null : storedSettings(org);
  }

  async changeSettings(patch: SettingsPatch): Promise<{ before: StoredSettings; after: StoredSettings }> {
    return this.#change((db, now) => changeSettings(db, patch, now));
  }

  async destroyOrg(): Promise<void> {
    await this.#commit(destroyOrg, REMOVAL_WAIT_MS);
    if (findOrg(this.#db) === null) return;
    throw new PlatformError("unavailable", "The org answers no more, but its removal is not finished. Ask again.");
  }

  async saveScript(actor: Actor, input: VersionInput): Promise<{ script: ScriptSummary; created: boolean }> {
    const fingerprint = await fingerprintOf(input);
    return this.#change((db, now) => {
      const { script, created } = saveScript(db, { actor, input, fingerprint }, now);
      return { script: summaryOfScript(db, script), created };
    });
  }

  listScripts(page: PageRequest): Page<ScriptSummary> {
    return listScripts(this.#opened(), page);
  }

  findScript(idOrName: string): ScriptSummary | null {
    const db = this.#opened();
    const script = findScript(db, idOrName);
    return script === null ? null : summaryOfScript(db, script);
  }

  async patchScript(idOrName: string, patch: ScriptPatch): Promise<ScriptSummary> {
    return this.#change((db, now) => summaryOfScript(db, patchScript(db, getScript(db, idOrName), patch, now)));
  }

  async deleteScript(idOrName: string): Promise<boolean> {
    return this.#change((db, now) => deleteScript(db, idOrName, now));
  }

  listVersions(idOrName: string, page: PageRequest): Page<VersionSummary> {
    const db = this.#opened();
    return listVersions(db, getScript(db, idOrName), page);
  }

  versionFiles(idOrName: string, version: string | null): VersionFiles | null {
    return findVersionFiles(this.#opened(), idOrName, version);
  }

  versionPair(idOrName: string, from: string | null, to: string | null): ReturnType<typeof versionPair> {
    return versionPair(this.#opened(), idOrName, { from, to });
  }

  versionCode(versionId: string, hash?: string): VersionCode | null {
    return findOpenOrg(this.#db) === null ? null : findVersionCode(this.#db, versionId, hash);
  }

  versionSource(version: VersionName): VersionSource | null {
    return findVersionSource(this.#opened(), version);
  }

  async rollBack(actor: Actor, idOrName: string, version: string): Promise<ScriptSummary> {
    return this.#change((db, now) => summaryOfScript(db, rollBack(db, { actor, script: idOrName, version }, now)));
  }

  async createRoute(input: RouteInput): Promise<Route> {
    return this.#change((db, now) => createRoute(db, input, now));
  }

  listRoutes(): Route[] {
    return listRoutes(this.#opened());
  }

  async deleteRoute(routeId: string): Promise<boolean> {
    return this.#change((db, now) => deleteRoute(db, routeId, now));
  }

  /** Reads the storage, whatever is in it. */
  ping(): void {
    this.#db.find("SELECT count(*) AS count FROM sqlite_master");
  }

  override async alarm(): Promise<void> {
    await this.#publisher.alarms.fire(Date.now());
  }

  /** The database of an org that is there; throws `not_found` otherwise. */
  #opened(): Database {
    getOrg(this.#db);
    return this.#db;
  }

  #change<T>(change: (db: Database, now: number) => T): Promise<T> {
    this.#opened();
    return this.#commit(change);
  }

  async #commit<T>(change: (db: Database, now: number) => T, waitMs?: number): Promise<T> {
    const result = this.#db.transaction(() => change(this.#db, Date.now()));
    await this.#publisher.publish(waitMs);
    return result;
  }
}
