import * as z from "zod";

/**
 * What an edge is told to do about an org that ends edges. `slowed`: one run at a time; `refused`: none; `held`: its runs wait
 * until the verdict is void, because one of them seems to hang another edge right now.
 */
const verdictSchema = z.object({
  orgId: z.string(),
  kind: z.enum(["slowed", "refused", "held"]),
  /** For the org's own eyes: why, and what to do. */
  reason: z.string(),
  /** When it ends, in epoch milliseconds. */
  untilMs: z.number(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** What the launcher tells every edge when one of them has ended before its time. */
export const watchOrdersSchema = z.object({
  /** Until when every run is journalled, in epoch milliseconds. */
  journalUntilMs: z.number(),
  /** All verdicts that hold; those told before are void. */
  verdicts: z.array(verdictSchema),
});
export type WatchOrders = z.infer<typeof watchOrdersSchema>;
