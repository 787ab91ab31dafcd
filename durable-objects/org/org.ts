import { DurableObject } from "cloudflare:workers";

import type { CollectionKind, CollectionSummary } from "../../contracts/data/collections.ts";
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
import type { HostRecord } from "../../contracts/domains.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type { Trigger, TriggerInput, TriggerPatch } from "../../contracts/events/trigger.ts";
import { newId } from "../../contracts/ids.ts";
import { REMOVAL_WAIT_MS, STORAGE_ASKED_AT_ONCE } from "../../contracts/limits.ts";
import type { ProjectedMachine } from "../../contracts/machines.ts";
import type { OrgCounts } from "../../contracts/plans.ts";
import type { OrgState, Projection, VersionCode } from "../../contracts/projection.ts";
import type { Route } from "../../contracts/routing/index.ts";
import type { SecretSummary } from "../../contracts/secrets.ts";
import { Database } from "../database.ts";
import type { Env } from "../env.ts";
import type { DispatcherConfiguration, OrgObject, StoreTriggers } from "../objects.ts";
import { secretContext, signingSecretContext } from "../secrets/contexts.ts";
import { currentKeys } from "../secrets/current-keys.ts";
import { Keyring } from "../secrets/keyring.ts";
import { addCollection, dropCollection, listCollections, listedCollections } from "./collections.ts";
import { firstConfiguration } from "./configuration.ts";
import { type Outside, outsideOf } from "./delivery.ts";
import { orgCounts } from "./counts.ts";
import { destroyOrg } from "./destroy.ts";
import { setDomains } from "./domains.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { openOrg, renameOrg, setMachine, setOrgState } from "./life.ts";
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
import { deleteSecret, listSecrets, readSecrets, rewrapSecrets, setSecret } from "./secrets.ts";
import { changeSettings, findOpenOrg, findOrg, getOrg, storedSettings } from "./settings.ts";
import {
  getWebhookTrigger,
  newSigningSecret,
  rotateSigningSecret,
  type SealedSigningSecret,
} from "./signing-secrets.ts";
import { checkStorage, noteSizes, storedBytes } from "./storage.ts";
import { inGroups } from "../in-groups.ts";
import { findTrigger, listTriggers } from "./trigger-rows.ts";
import { createTrigger, deleteTrigger, patchTrigger } from "./triggers.ts";
import { findVersionSource, findVersionFiles, versionPair } from "./version-files.ts";
import { listVersions } from "./versions.ts";

/**
 * Everything that one org has by way of scripts, versions, routes and settings. It alone writes the
 * org's projection and code in KV, through its outbox. Methods are those of `StateDoor`.
 */
export class Org extends DurableObject<Env> implements OrgObject {
  readonly #db: Database;
  readonly #outside: Outside;
  readonly #publisher: Publisher;
  /** Made when it is needed: keys that cannot be read concern secrets only. */
  readonly #keyring: () => Keyring;

  constructor(ctx: DurableObjectState, env: Env, outside: Outside = outsideOf(env)) {
    super(ctx, env);
    this.#db = new Database(ctx.storage, ORG_MIGRATIONS);
    this.#outside = outside;
    this.#publisher = new Publisher(this.#db, ctx.storage, outside);
    this.#keyring = () => new Keyring(currentKeys(env));
    void ctx.blockConcurrencyWhile(async () => {
      this.#db.open(Date.now());
      await this.#publisher.alarms.arm(Date.now());
    });
  }

  async openOrg(orgId: string, slug: string, state: OrgState = "running"): Promise<void> {
    await this.#commit((db, now) => openOrg(db, { orgId, slug, state }, now));
  }

  projection(): Projection | null {
    return findProjection(this.#db);
  }

  async setOrgState(state: OrgState): Promise<void> {
    await this.#commit((db, now) => setOrgState(db, state, now));
  }

  async setMachine(machine: ProjectedMachine | null): Promise<void> {
    await this.#change((db, now) => setMachine(db, machine, now));
  }

  async setDomains(domains: Pick<HostRecord, "hostname" | "label">[]): Promise<void> {
    await this.#change((db, now) => setDomains(db, domains, now));
  }

  async renameOrg(slug: string, redirectUntil: number): Promise<void> {
    await this.#change((db, now) => renameOrg(db, slug, redirectUntil, now));
  }

  orgCounts(): OrgCounts {
    return orgCounts(this.#db);
  }

  findSettings(): StoredSettings | null {
    const org = findOpenOrg(this.#db);
    return org === null ? null : storedSettings(org);
  }

  async changeSettings(patch: SettingsPatch): Promise<{ before: StoredSettings; after: StoredSettings }> {
    return this.#change((db, now) => {
      const changed = changeSettings(db, patch, now);
      checkStorage(db, now);
      return changed;
    });
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

  listCollections(kind: CollectionKind, page: PageRequest): Page<CollectionSummary> {
    return listCollections(this.#opened(), kind, page);
  }

  dropCollection(kind: CollectionKind, name: string): void {
    this.#write((db) => dropCollection(db, kind, name));
  }

  addCollection(kind: CollectionKind, name: string): StoreTriggers {
    return this.#write((db, now) => addCollection(db, kind, name, now));
  }

  async tellSize(kind: CollectionKind, name: string, bytes: number): Promise<void> {
    await this.#change((db, now) => noteSizes(db, [{ kind, name, bytes }], now));
  }

  async measureStorage(): Promise<number> {
    const { org_id: orgId } = getOrg(this.#db);
    const collections = listedCollections(this.#db);
    const sizes = await inGroups(collections, STORAGE_ASKED_AT_ONCE, async ({ kind, name }) => ({
      kind,
      name,
      bytes: await this.#outside.sizeOf({ orgId, kind, name }),
    }));
    return this.#change((db, now) => {
      noteSizes(db, sizes, now);
      return storedBytes(db);
    });
  }

  dispatcherConfiguration(): DispatcherConfiguration {
    return this.#write(firstConfiguration);
  }

  async listTriggers(): Promise<Trigger[]> {
    return listTriggers(this.#opened());
  }

  async findTrigger(idOrName: string): Promise<Trigger | null> {
    return findTrigger(this.#opened(), idOrName);
  }

  async createTrigger(input: TriggerInput): Promise<{ trigger: Trigger; secret: string | null }> {
    this.#opened();
    const id = newId("trigger");
    const secret = input.source.kind === "webhook" ? newSigningSecret() : null;
    const signingSecret = secret === null ? null : await this.#sealedSigningSecret(id, secret);
    return { trigger: await this.#change((db, now) => createTrigger(db, { id, input, signingSecret }, now)), secret };
  }

  async patchTrigger(idOrName: string, patch: TriggerPatch): Promise<Trigger> {
    return this.#change((db, now) => patchTrigger(db, idOrName, patch, now));
  }

  async deleteTrigger(idOrName: string): Promise<boolean> {
    return this.#change((db, now) => deleteTrigger(db, idOrName, now));
  }

  async rotateWebhookSecret(idOrName: string): Promise<{ secret: string }> {
    const { id } = getWebhookTrigger(this.#opened(), idOrName);
    const secret = newSigningSecret();
    const sealed = await this.#sealedSigningSecret(id, secret);
    await this.#change((db, now) => rotateSigningSecret(db, sealed, now));
    return { secret };
  }

  async listSecrets(): Promise<SecretSummary[]> {
    return listSecrets(this.#opened());
  }

  async setSecret(secret: {
    name: string;
    scriptId: string | null;
    value: string;
  }): Promise<{ secret: SecretSummary; created: boolean }> {
    const { org_id: orgId } = getOrg(this.#db);
    const keyring = this.#keyring();
    const sealed = await keyring.seal(secret.value, secretContext(orgId, secret.scriptId, secret.name));
    const { name, scriptId } = secret;
    return this.#write((db, now) => setSecret(db, { name, scriptId, sealed, keyVersion: keyring.newest }, now));
  }

  async deleteSecret(name: string, scriptId: string | null): Promise<boolean> {
    return this.#write((db) => deleteSecret(db, name, scriptId));
  }

  async readSecrets(scriptId: string, names: string[]): Promise<(string | null)[]> {
    return readSecrets(this.#opened(), this.#keyring(), { scriptId, names });
  }

  async rewrapSecrets(): Promise<{ rewrapped: number; total: number }> {
    const result = await rewrapSecrets(this.#opened(), this.#keyring(), Date.now());
    await this.#publisher.publish();
    return result;
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

  async #sealedSigningSecret(triggerId: string, secret: string): Promise<SealedSigningSecret> {
    const { org_id: orgId } = getOrg(this.#db);
    const keyring = this.#keyring();
    const sealed = await keyring.seal(secret, signingSecretContext(orgId, triggerId));
    return { triggerId, sealed, keyVersion: keyring.newest };
  }

  /** A change that nobody outside has to hear of. */
  #write<T>(change: (db: Database, now: number) => T): T {
    this.#opened();
    return this.#db.transaction(() => change(this.#db, Date.now()));
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
