/** Milliseconds of an hour, by which usage is kept. */
export const USAGE_HOUR_MS = 3_600_000;

/** What can be counted by adding up. */
export interface UsageCounts {
  /** Requests that reached the org's hosts, whatever answered them. */
  requests: number;
  /** Runs of scripts, whatever began them. */
  executions: number;
  /** Runs that ended in anything but `ok`. */
  failures: number;
  /** Processor time as far as it was measured, in milliseconds. */
  cpuMs: number;
  /** Requests and runs refused for their rate or a quota; such a run is no `execution`. */
  refused: number;
}

export const NO_USAGE: UsageCounts = { requests: 0, executions: 0, failures: 0, cpuMs: 0, refused: 0 };

/** Both together. */
export function sumOfUsage(one: UsageCounts, other: UsageCounts): UsageCounts {
  return {
    requests: one.requests + other.requests,
    executions: one.executions + other.executions,
    failures: one.failures + other.failures,
    cpuMs: one.cpuMs + other.cpuMs,
    refused: one.refused + other.refused,
  };
}

/** What was counted in one hour, which begins at `hourAt` (epoch milliseconds). */
export interface CountedHour {
  hourAt: number;
  counts: UsageCounts;
}

/**
 * What one process of the edge counted for one org since its last batch. A batch keeps its number until it is taken, so
 * that one sent again is counted once.
 */
export interface UsageBatch {
  orgId: string;
  /** The process (or isolate) that counted; drawn at random when it begins. */
  source: string;
  /** Greater with every batch of a source. */
  sequence: number;
  /** In order. */
  hours: CountedHour[];
}

/** What an edge learns of an org when it hands over what it counted. */
export interface UsageStanding {
  orgId: string;
  /** Of the month that is running (UTC), all edges together. */
  monthAt: number;
  month: UsageCounts;
  /** Bytes stored this month, times the hours in which they were. */
  storageByteHours: number;
  /** Requests that the other sources have told of in the last second. */
  otherRequestsPerSecond: number;
}

/** What became of what an edge handed over. */
export interface Appended {
  /** Of the orgs whose usage was counted, now or before. */
  standings: UsageStanding[];
  /** Orgs that could not be reached; what was for them is to be sent again. */
  failedOrgs: string[];
}

/** Usage of an org in one hour. `storageBytes` is what was stored at the hour's last look, null where nobody looked. */
export interface UsageHour extends UsageCounts {
  hourAt: number;
  storageBytes: number | null;
}

/** Part of the door to the state: what orgs used. */
export interface UsageDoor {
  /** The hours from `since` until before `until` (epoch milliseconds), oldest first; safe. */
  usageHours(orgId: string, since: number, until: number): Promise<UsageHour[]>;
  /** Those that begin before `until` in which something was counted at `since` or later; safe. */
  usageChanged(orgId: string, since: number, until: number): Promise<UsageHour[]>;
  /** Looks how much the org stores, and notes it in the hour that is running; in bytes; safe. */
  measureStorage(orgId: string): Promise<number>;
}

/** Start of the hour in which a time lies; both in epoch milliseconds. */
export const hourStart = (at: number): number => Math.floor(at / USAGE_HOUR_MS) * USAGE_HOUR_MS;

/** Start of the month in which a time lies, UTC. */
export function monthStart(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** Start of the month after it, UTC. */
export function nextMonthStart(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
