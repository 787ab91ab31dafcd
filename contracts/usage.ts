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
  /** Requests refused for their rate or a quota; they are no `requests`. */
  refused: number;
}

export const NO_USAGE: UsageCounts = { requests: 0, executions: 0, failures: 0, cpuMs: 0, refused: 0 };

/**
 * What one process of the edge counted for one org since its last batch. A batch keeps its number until it is taken, so
 * that one sent again is counted once.
 */
export interface UsageBatch {
  orgId: string;
  /** The process (or isolate) that counted; drawn at random when it begins. */
  source: string;
  /** Grows by one with every batch of a source for an org. */
  sequence: number;
  /** Start of an hour, in epoch milliseconds → what was counted in it. */
  hours: { hourAt: number; counts: UsageCounts }[];
}

/** What an edge learns of an org when it hands over what it counted. */
export interface UsageStanding {
  orgId: string;
  /** Of the month that is running (UTC), all edges together. */
  monthAt: number;
  month: UsageCounts;
  /** Requests that the other sources have told of in the last second. */
  otherRequestsPerSecond: number;
}

/** Usage of an org in one hour. `storageBytes` is what was stored at the hour's last look, null where nobody looked. */
export interface UsageHour extends UsageCounts {
  hourAt: number;
  storageBytes: number | null;
}

/** Part of the door to the state: what orgs used. */
export interface UsageDoor {
  /** Counts each batch once, however often it is sent; safe. Says nothing of an org that is gone. */
  addUsage(batches: UsageBatch[]): Promise<UsageStanding[]>;
  /** The hours from `since` until before `until` (epoch milliseconds), oldest first; safe. */
  usageHours(orgId: string, since: number, until: number): Promise<UsageHour[]>;
  /** Looks how much the org stores, and notes it in the hour that is running; in bytes; safe. */
  measureStorage(orgId: string): Promise<number>;
}
