import type { Env } from "./env.ts";
import type { Log } from "./log/log.ts";
import type { DispatcherObject, OrgObject, Remote, SqlObject, StoreName, StoreObject, ToolsObject } from "./objects.ts";
import type { Org } from "./org/org.ts";

/** Name of the object that answers pings; no org id looks like it. */
const PING_NAME = "ping";

/** The Org object of an org. */
export function orgStub(env: Pick<Env, "ORG">, orgId: string): DurableObjectStub<Org> {
  return env.ORG.getByName(orgId);
}

/** The same, as other objects and the door know it. */
export function orgObject(env: Pick<Env, "ORG">, orgId: string): Remote<OrgObject> {
  return orgStub(env, orgId);
}

/** The Log object of an org. */
export function logStub(env: Pick<Env, "LOG">, orgId: string): DurableObjectStub<Log> {
  return env.LOG.getByName(orgId);
}

/** The Store of a collection. */
export function storeStub(env: Pick<Env, "STORE">, { orgId, kind, name }: StoreName): Remote<StoreObject> {
  return env.STORE.getByName(`${orgId}/${kind}/${name}`);
}

/** The Dispatcher of an org. */
export function dispatcherStub(env: Pick<Env, "DISPATCHER">, orgId: string): Remote<DispatcherObject> {
  return env.DISPATCHER.getByName(orgId);
}

/** The locks and counters of an org. */
export function toolsStub(env: Pick<Env, "TOOLS">, orgId: string): Remote<ToolsObject> {
  return env.TOOLS.getByName(orgId);
}

/** The org's own SQLite. */
export function sqlStub(env: Pick<Env, "SQL">, orgId: string): Remote<SqlObject> {
  return env.SQL.getByName(orgId);
}

/** An Org object that belongs to nobody and stays empty. */
export function pingStub(env: Pick<Env, "ORG">): DurableObjectStub<Org> {
  return env.ORG.getByName(PING_NAME);
}
