import { WorkerEntrypoint } from "cloudflare:workers";

import type { LogLine } from "../../../contracts/execution.ts";
import { idSchema } from "../../../contracts/ids.ts";
import { parseLines } from "../dispatch/fault.ts";
import type { ConsoleProps, RouterEnv } from "../env.ts";
import { logBuffer, scheduleDelivery } from "../log/delivery.ts";
import { usageMeter } from "../usage/meter.ts";
import { redactSecrets } from "./redaction.ts";

const executionIdSchema = idSchema("execution");

/** Lines of runs whose caller waits for them, by execution id. Entries live as long as that one call. */
export const awaitedLines = new Map<string, LogLine[]>();

/**
 * Takes the console lines of a run, and the time that runs used. A tenant's code can call it with anything, so everything is parsed; the org
 * is the tenant's own by props, so the worst a forger reaches is its own log and account.
 */
export class Console extends WorkerEntrypoint<RouterEnv, ConsoleProps> {
  write(executionId: unknown, lines: unknown): void {
    const id = executionIdSchema.safeParse(executionId);
    const parsed = parseLines(lines);
    if (!id.success || parsed === null) return;
    for (const line of parsed) line.text = redactSecrets(this.ctx.props.orgId, line.text);
    awaitedLines.get(`${this.ctx.props.orgId}/${id.data}`)?.push(...parsed);
    logBuffer.addLines(this.ctx.props.orgId, id.data, parsed);
    if (this.env.LOG_DELIVERY === "scheduled") scheduleDelivery(this.ctx, this.env.STATE);
  }

  /** Takes the processor time that the isolate used since it told last, in milliseconds: no more than has gone by. */
  spent(cpuMs: unknown): void {
    if (typeof cpuMs !== "number" || !(cpuMs > 0)) return;
    usageMeter.spent(this.ctx.props.orgId, cpuMs, Date.now());
    if (this.env.LOG_DELIVERY === "scheduled") scheduleDelivery(this.ctx, this.env.STATE);
  }
}
