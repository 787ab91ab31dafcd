import type { Env } from "./env.ts";
import type { Log } from "./log/log.ts";
import type { Org } from "./org/org.ts";

/** Name of the object that answers pings; no org id looks like it. */
const PING_NAME = "ping";

/** The Org object of an org. */
export function orgStub(env: Pick<Env, "ORG">, orgId: string): DurableObjectStub<Org> {
  return env.ORG.getByName(orgId);
}

/** The Log object of an org. */
export function logStub(env: Pick<Env, "LOG">, orgId: string): DurableObjectStub<Log> {
  return env.LOG.getByName(orgId);
}

/** An Org object that belongs to nobody and stays empty. */
export function pingStub(env: Pick<Env, "ORG">): DurableObjectStub<Org> {
  return env.ORG.getByName(PING_NAME);
}
