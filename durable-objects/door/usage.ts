import type { LogBatch } from "../../contracts/execution.ts";
import type { Appended, UsageBatch, UsageDoor, UsageHour } from "../../contracts/usage.ts";
import { logStub, orgObject } from "../stubs.ts";
import { EventsState } from "./events.ts";
import { plain } from "./plain.ts";

/** The part of the door by which edges hand over what they saw and counted, and by which that is read. */
export class UsageState extends EventsState implements UsageDoor {
  /** One org that cannot be reached keeps nothing of the others from being taken. */
  async appendLog(batches: LogBatch[], usage: UsageBatch[]): Promise<Appended> {
    const byOrg = new Map<string, { batches: LogBatch[]; usage: UsageBatch | null }>();
    const of = (orgId: string) => {
      let parts = byOrg.get(orgId);
      if (parts === undefined) byOrg.set(orgId, (parts = { batches: [], usage: null }));
      return parts;
    };
    for (const batch of batches) of(batch.orgId).batches.push(batch);
    for (const batch of usage) of(batch.orgId).usage = batch;
    const appended: Appended = { standings: [], failedOrgs: [] };
    const append = async (orgId: string, parts: { batches: LogBatch[]; usage: UsageBatch | null }): Promise<void> => {
      try {
        const standing = await plain(logStub(this.env, orgId).append(parts.batches, parts.usage));
        if (standing !== null) appended.standings.push({ ...standing, orgId });
      } catch (error) {
        console.error(`log of ${orgId}:`, error);
        appended.failedOrgs.push(orgId);
      }
    };
    await Promise.all([...byOrg].map(([orgId, parts]) => append(orgId, parts)));
    return appended;
  }

  async usageHours(orgId: string, since: number, until: number): Promise<UsageHour[]> {
    return plain(logStub(this.env, orgId).usageHours(since, until));
  }

  async usageChanged(orgId: string, since: number, until: number): Promise<UsageHour[]> {
    return plain(logStub(this.env, orgId).usageChanged(since, until));
  }

  async measureStorage(orgId: string): Promise<number> {
    const bytes = await orgObject(this.env, orgId).measureStorage();
    await logStub(this.env, orgId).noteStorage(bytes);
    return bytes;
  }
}
