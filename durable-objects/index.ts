import type {
  Actor,
  ExecutionDetail,
  ExecutionFilter,
  Page,
  PageRequest,
  RouteInput,
  ScriptSummary,
  SettingsPatch,
  StateDoor,
  StoredSettings,
  VersionFiles,
  VersionInput,
  VersionName,
  VersionSource,
  VersionSummary,
} from "../contracts/doors.ts";
import type { HostRecord } from "../contracts/domains.ts";
import type { ProjectedMachine } from "../contracts/machines.ts";
import type { OrgCounts } from "../contracts/plans.ts";
import type { OrgState, Projection, VersionCode } from "../contracts/projection.ts";
import type { Route } from "../contracts/routing/index.ts";
import { plain } from "./door/plain.ts";
import { UsageState } from "./door/usage.ts";
import type { ScriptPatch } from "./org/scripts.ts";
import { logStub, orgStub, pingStub } from "./stubs.ts";

export { Dispatcher } from "./dispatcher/dispatcher.ts";
export { Log } from "./log/log.ts";
export { Org } from "./org/org.ts";
export { SecretsKeys } from "./secrets/current-keys.ts";
export { Sql } from "./sql/sql.ts";
export { Store } from "./store/store.ts";
export { Tools } from "./tools/tools.ts";

/** A key that nothing is ever written under. */
const PING_KEY = "ping";

/** The door to all tenant state: it finds the object and hands on; the objects decide. */
export default class State extends UsageState implements StateDoor {
  async openOrg(orgId: string, slug: string, state?: OrgState): Promise<void> {
    await orgStub(this.env, orgId).openOrg(orgId, slug, state);
  }

  async projection(orgId: string): Promise<Projection | null> {
    return plain(orgStub(this.env, orgId).projection());
  }

  async versionCode(orgId: string, versionId: string, hash?: string): Promise<VersionCode | null> {
    return plain(orgStub(this.env, orgId).versionCode(versionId, hash));
  }

  async setOrgState(orgId: string, state: OrgState): Promise<void> {
    await orgStub(this.env, orgId).setOrgState(state);
  }

  async setMachine(orgId: string, machine: ProjectedMachine | null): Promise<void> {
    await orgStub(this.env, orgId).setMachine(machine);
  }

  async setDomains(orgId: string, domains: Pick<HostRecord, "hostname" | "label">[]): Promise<void> {
    await orgStub(this.env, orgId).setDomains(domains);
  }

  async renameOrg(orgId: string, slug: string, redirectUntil: number): Promise<void> {
    await orgStub(this.env, orgId).renameOrg(slug, redirectUntil);
  }

  async findSettings(orgId: string): Promise<StoredSettings | null> {
    return plain(orgStub(this.env, orgId).findSettings());
  }

  async changeSettings(
    orgId: string,
    patch: SettingsPatch,
  ): Promise<{ before: StoredSettings; after: StoredSettings }> {
    return plain(orgStub(this.env, orgId).changeSettings(patch));
  }

  async orgCounts(orgId: string): Promise<OrgCounts> {
    return plain(orgStub(this.env, orgId).orgCounts());
  }

  async destroyOrg(orgId: string): Promise<void> {
    await orgStub(this.env, orgId).destroyOrg();
  }

  async saveScript(
    orgId: string,
    actor: Actor,
    input: VersionInput,
  ): Promise<{ script: ScriptSummary; created: boolean }> {
    return plain(orgStub(this.env, orgId).saveScript(actor, input));
  }

  async listScripts(orgId: string, page: PageRequest): Promise<Page<ScriptSummary>> {
    return plain(orgStub(this.env, orgId).listScripts(page));
  }

  async findScript(orgId: string, idOrName: string): Promise<ScriptSummary | null> {
    return plain(orgStub(this.env, orgId).findScript(idOrName));
  }

  async patchScript(orgId: string, idOrName: string, patch: ScriptPatch): Promise<ScriptSummary> {
    return plain(orgStub(this.env, orgId).patchScript(idOrName, patch));
  }

  async deleteScript(orgId: string, idOrName: string): Promise<boolean> {
    return orgStub(this.env, orgId).deleteScript(idOrName);
  }

  async listVersions(orgId: string, idOrName: string, page: PageRequest): Promise<Page<VersionSummary>> {
    return plain(orgStub(this.env, orgId).listVersions(idOrName, page));
  }

  async versionFiles(orgId: string, idOrName: string, version: string | null): Promise<VersionFiles | null> {
    return plain(orgStub(this.env, orgId).versionFiles(idOrName, version));
  }

  async versionPair(
    orgId: string,
    idOrName: string,
    from: string | null,
    to: string | null,
  ): Promise<{ from: VersionFiles | null; to: VersionFiles }> {
    return plain(orgStub(this.env, orgId).versionPair(idOrName, from, to));
  }

  async versionSource(orgId: string, version: VersionName): Promise<VersionSource | null> {
    return plain(orgStub(this.env, orgId).versionSource(version));
  }

  async rollBack(orgId: string, actor: Actor, idOrName: string, version: string): Promise<ScriptSummary> {
    return plain(orgStub(this.env, orgId).rollBack(actor, idOrName, version));
  }

  async createRoute(orgId: string, input: RouteInput): Promise<Route> {
    return plain(orgStub(this.env, orgId).createRoute(input));
  }

  async listRoutes(orgId: string): Promise<Route[]> {
    return plain(orgStub(this.env, orgId).listRoutes());
  }

  async deleteRoute(orgId: string, routeId: string): Promise<boolean> {
    return orgStub(this.env, orgId).deleteRoute(routeId);
  }

  async listExecutions(orgId: string, filter: ExecutionFilter, page: PageRequest): Promise<Page<ExecutionDetail>> {
    return plain(logStub(this.env, orgId).listExecutions(filter, page));
  }

  async findExecution(orgId: string, executionId: string): Promise<ExecutionDetail | null> {
    return plain(logStub(this.env, orgId).findExecution(executionId));
  }

  async tailExecutions(orgId: string, filter: ExecutionFilter): Promise<ReadableStream<Uint8Array>> {
    return logStub(this.env, orgId).tailExecutions(filter);
  }

  async ping(part: "objects" | "kv"): Promise<void> {
    if (part === "kv") await this.env.PROJECTIONS.get(PING_KEY);
    else await pingStub(this.env).ping();
  }
}
