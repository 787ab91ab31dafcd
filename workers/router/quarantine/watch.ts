import { env } from "cloudflare:workers";

import { watchOrdersSchema, type WatchOrders } from "../../../contracts/quarantine.ts";
import { Journal } from "./journal.ts";
import { Quarantine } from "./quarantine.ts";

const { JOURNAL_MARK, WATCH_ORDERS } = env as { JOURNAL_MARK?: string; WATCH_ORDERS?: string };

/** Those of this process. */
export const journal = new Journal(JOURNAL_MARK ?? null, (line) => console.log(line));
export const quarantine = new Quarantine();
// A process that takes another's place has to know whom it holds back before the first request.
if (WATCH_ORDERS !== undefined) follow(watchOrdersSchema.parse(JSON.parse(WATCH_ORDERS)));

/** Takes the launcher's orders from a request: all verdicts that hold, and how long to journal. */
export async function readOrders(request: Request): Promise<void> {
  follow(watchOrdersSchema.parse(await request.json()));
}

function follow({ journalUntilMs, verdicts }: WatchOrders): void {
  journal.set(journalUntilMs);
  quarantine.set(verdicts);
}
