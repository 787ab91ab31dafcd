import type { Resource } from "./driver.ts";

/** Whom the directory knows at one provider. */
export interface Owners {
  /** Of machines and of what is still being made or taken down. */
  machineIds: ReadonlySet<string>;
  orgIds: ReadonlySet<string>;
  /** Machines that the provider must know. */
  sure: ReadonlySet<string>;
}

/** What of a listing has no owner; or why nothing can be said. */
export type Judged = { skipped: string; orphans: [] } | { skipped: null; orphans: Resource[] };

/**
 * What nobody owns any more. A listing that shows none of the machines which must be there is not believed: it, or the
 * directory, is not the one it should be.
 */
export function judgeListing(listed: readonly Resource[], { machineIds, orgIds, sure }: Owners): Judged {
  const shown = new Set(listed.map(({ machineId }) => machineId));
  if (sure.size > 0 && ![...sure].some((id) => shown.has(id))) {
    const what = listed.length === 0 ? "Its listing came back empty" : "Its listing shows none of them";
    return { skipped: `The directory knows ${sure.size} machines there. ${what}.`, orphans: [] };
  }
  return { skipped: null, orphans: listed.filter((resource) => !isOwned(resource, { machineIds, orgIds })) };
}

/** What names neither machine nor org is shared by all of them. */
function isOwned(
  { machineId, orgId }: Resource,
  { machineIds, orgIds }: Pick<Owners, "machineIds" | "orgIds">,
): boolean {
  if (machineId !== null) return machineIds.has(machineId);
  return orgId === null || orgIds.has(orgId);
}
