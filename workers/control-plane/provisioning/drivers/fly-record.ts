import * as z from "zod";

import type { ProviderRecord } from "../driver.ts";

/** What is kept of what Fly.io has made for one machine. */
const recordSchema = z.object({
  app: z.string().optional(),
  volumeId: z.string().optional(),
  volumeRegion: z.string().optional(),
  /** With its id, what tells a volume from another one: its data are its own. */
  volumeCreatedAt: z.string().optional(),
  machineId: z.string().optional(),
  region: z.string().optional(),
});
export type FlyRecord = z.output<typeof recordSchema>;

/** Reads a record; what is not ours in it, or not whole, counts as not there. */
export function readRecord(known: ProviderRecord): FlyRecord {
  const parsed = recordSchema.safeParse(known);
  return parsed.success ? parsed.data : {};
}
