import type { Owner } from "../driver.ts";

/** Most characters of an app's name: it is a label of a host name. */
const APP_NAME_LENGTH_MAX = 63;
const APP_NAME = /^isola-([a-z0-9]{8,32})-([0-9a-z]+)$/;
const MACHINE_PREFIX = "mch_";

/** The app of a machine: one for each, so that its name and its private network are nobody else's. */
export function appNameOf({ platformId, machineId }: Pick<Owner, "platformId" | "machineId">): string {
  return `isola-${platformId}-${machineId.slice(MACHINE_PREFIX.length)}`.slice(0, APP_NAME_LENGTH_MAX);
}

/** The machine that an app of this installation is for; null for an app of somebody else. */
export function machineIdOf(app: string, platformId: string): string | null {
  const [, platform, rest] = APP_NAME.exec(app) ?? [];
  return platform === platformId && rest !== undefined ? MACHINE_PREFIX + rest : null;
}

/** What Fly.io keeps with a machine, so that we know ours. */
export function metadataOf({ platformId, orgId, machineId, slug }: Owner): Record<string, string> {
  return { isola_platform: platformId, isola_org: orgId, isola_machine: machineId, isola_slug: slug };
}

/** Whether a machine carries the tags of its owner. */
export function isTagged(
  metadata: Record<string, string> | null | undefined,
  { platformId, machineId }: Pick<Owner, "platformId" | "machineId">,
): boolean {
  return metadata?.["isola_platform"] === platformId && metadata["isola_machine"] === machineId;
}
