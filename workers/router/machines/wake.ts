import {
  HOST_CACHE_ENTRIES_MAX,
  STATE_CALL_MS,
  WAKE_ASK_MS,
  WAKE_HOLD_MS,
  WAKE_WAITERS_MAX,
} from "../../../contracts/limits.ts";
import type { ProjectedMachine } from "../../../contracts/machines.ts";
import { withDeadline } from "../deadline.ts";
import type { RouterEnv } from "../env.ts";
import { hostsOf } from "../hosts.ts";
import type { ResolvedOrg } from "../resolve/org.ts";
import { resolveOrg } from "../resolve/resolve.ts";
import { Count } from "./count.ts";

/** Pause between two looks of a request that is held, in milliseconds. */
const LOOK_MS = 100;
/** How long what the directory said is gone by while the projection has nothing newer, in milliseconds. */
const BELIEVED_MS = 60_000;

/** What this isolate knows of a machine that it has had woken. */
interface Waking {
  machine: ProjectedMachine | null;
  /** Of the projection that it goes beyond. */
  revision: number;
  since: number;
  askAgainAt: number;
}

const wakings = new Map<string, Waking>();
const waiters = new Count(WAKE_WAITERS_MAX);

export type UpMachine = ProjectedMachine & { origin: string };

/** Whether a machine takes requests. */
export const isUp = (machine: ProjectedMachine | null | undefined): machine is UpMachine =>
  machine?.state === "started" && machine.origin !== null;

/** The machine as this isolate had it woken, where that is newer than what is published; null otherwise. */
export function wokenMachine({ projection }: ResolvedOrg, now: number): ProjectedMachine | null {
  const waking = wakings.get(projection.orgId);
  if (waking === undefined) return null;
  if (waking.revision === projection.revision && now - waking.since < BELIEVED_MS) return waking.machine;
  if (now - waking.since >= BELIEVED_MS) wakings.delete(projection.orgId);
  return null;
}

/** Forgets that, for it does not answer. */
export const forgetWoken = (orgId: string): void => void wakings.delete(orgId);

/** Whether somebody has begun to wake the org's machine a moment ago. */
export function isWaking(orgId: string, now: number): boolean {
  const waking = wakings.get(orgId);
  return waking !== undefined && now - waking.since < WAKE_HOLD_MS;
}

/**
 * Has a stopped machine woken and holds the request until it is up, or is not going to be; null when that takes too long,
 * or too many wait already. One request asks the directory, and the others look what it heard.
 *
 * @param hold false: only has it woken
 */
export async function wake(org: ResolvedOrg, env: RouterEnv, hold = true): Promise<ProjectedMachine | null> {
  const { orgId, slug } = org.projection;
  if (!waiters.enter(orgId)) return null;
  try {
    const giveUpAt = Date.now() + WAKE_HOLD_MS;
    for (;;) {
      const latest = await resolveOrg(hostsOf(env).bySlug(slug), env, Date.now()).catch(() => org);
      if (latest === null || latest.projection.orgId !== orgId || latest.projection.state !== "running") return null;
      const published = latest.projection.machine ?? null;
      if (isUp(published) || published?.state === "failed") return published;
      const said = await ask(latest, env);
      if (isUp(said) || said?.state === "failed") return said;
      if (!hold || Date.now() >= giveUpAt) return null;
      await scheduler.wait(LOOK_MS);
    }
  } finally {
    waiters.leave(orgId);
  }
}

async function ask({ projection }: ResolvedOrg, env: RouterEnv): Promise<ProjectedMachine | null> {
  const { orgId, revision } = projection;
  const now = Date.now();
  let waking = wakings.get(orgId);
  if (waking === undefined || now - waking.since >= BELIEVED_MS) {
    if (wakings.size >= HOST_CACHE_ENTRIES_MAX) wakings.clear();
    waking = { machine: null, revision, since: now, askAgainAt: 0 };
    wakings.set(orgId, waking);
  }
  if (waking.revision !== revision) {
    waking.machine = null;
    waking.revision = revision;
  }
  if (now < waking.askAgainAt) return waking.machine;
  waking.askAgainAt = now + WAKE_ASK_MS;
  try {
    waking.machine = await withDeadline(env.DIRECTORY.wakeMachine(orgId), STATE_CALL_MS, "Waking the machine");
  } catch {
    // Nobody can say anything right now: the request is held on, and somebody asks again.
  }
  return waking.machine;
}
