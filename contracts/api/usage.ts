import * as z from "zod";

import { idSchema } from "../ids.ts";
import { costSchema } from "../prices.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { momentSchema } from "./executions.ts";
import { orgParams } from "./orgs.ts";

const counts = {
  /** Requests that reached the org's hosts, whatever answered them. */
  requests: z.number().int(),
  /** Runs of scripts, whatever began them. */
  executions: z.number().int(),
  /** Runs that ended in anything but `ok`. */
  failures: z.number().int(),
  /** Processor time as far as it was measured, in milliseconds. */
  cpuMs: z.number(),
  /** Requests and runs refused for their rate or a quota. */
  refused: z.number().int(),
  /** Data of all collections at the last look, in bytes; null where nobody looked. */
  storageBytes: z.number().int().nullable(),
  /** What that costs at the prices that the org's plan has now; null where it has none, or the org is gone. */
  cost: costSchema.nullable(),
};

/** Which time is asked for; the month that is running where nothing is said. */
const period = { from: momentSchema.optional(), to: momentSchema.optional() };

export const USAGE_STEPS = ["hour", "day", "month"] as const;

export const getUsage = endpoint({
  id: "getUsage",
  method: "GET",
  path: "/orgs/{slug}/usage",
  tag: "Plans",
  summary: "Say what an org used, by hour, day or month (UTC); this month by day where nothing is said",
  capability: "usage:read",
  params: orgParams,
  query: z.object({ ...period, by: z.enum(USAGE_STEPS).default("day") }),
  response: z.object({
    from: timestamp,
    to: timestamp,
    /** Oldest first; times in which nothing was used are left out. */
    items: z.array(z.object({ at: timestamp, ...counts })),
    total: z.object(counts),
  }),
  errors: ["not_found", "invalid"],
});

export const listUsage = endpoint({
  id: "listUsage",
  method: "GET",
  path: "/usage",
  tag: "Platform",
  summary: "Say what each org used, up to the last full hour; orgs that are gone are there too",
  capability: "platform:usage",
  query: z.object({ ...pageQuery.shape, ...period }),
  response: pageOf(
    z.object({
      org: z.object({
        id: idSchema("org"),
        /** Null for an org that is gone. */
        slug: z.string().nullable(),
      }),
      ...counts,
    }),
  ),
  errors: ["invalid"],
});
