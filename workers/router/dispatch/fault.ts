import * as z from "zod";

import type { QueueAcks } from "../../../contracts/events/dispatch.ts";
import {
  LOG_LINE_LENGTH_MAX,
  LOG_LINES_PER_EXECUTION_MAX,
  QUEUE_BATCH_MAX,
  QUEUE_DELAY_MS_MAX,
} from "../../../contracts/limits.ts";
import { LIMIT_NAMES } from "../../../contracts/script-limits.ts";
import { readBounded } from "./read-bounded.ts";
import type { Fault } from "./run-facts.ts";

const STACK_LENGTH_MAX = 16_000;
const FAULT_BYTES_MAX = 4_000_000;

const short = (length: number) => z.string().transform((text) => text.slice(0, length));

/** What a queue handler said of its messages. */
const acksSchema = z.object({
  acked: z.array(z.string()).max(QUEUE_BATCH_MAX),
  retried: z
    .array(
      z.object({ id: z.string(), delayMs: z.number().min(0).max(QUEUE_DELAY_MS_MAX).transform(Math.round).nullable() }),
    )
    .max(QUEUE_BATCH_MAX),
});

const faultSchema = z.object({
  acks: acksSchema.optional(),
  noRetry: z.boolean().optional(),
  limit: z.enum(LIMIT_NAMES).optional(),
  cpuMs: z.number().nonnegative().optional(),
  error: z.object({ name: short(200), message: short(LOG_LINE_LENGTH_MAX), stack: short(STACK_LENGTH_MAX) }),
  lines: z
    .array(
      z.object({
        at: z.number(),
        level: z.enum(["debug", "info", "log", "warn", "error"]),
        text: short(LOG_LINE_LENGTH_MAX + 1),
      }),
    )
    .transform((lines) => lines.slice(0, LOG_LINES_PER_EXECUTION_MAX + 1)),
});

/** What the answer to a batch says of its messages; null when it says nothing. */
export async function readAcks(response: Response): Promise<QueueAcks | null> {
  try {
    const { body, truncated } = await readBounded(response, FAULT_BYTES_MAX);
    const parsed = truncated || body === "" ? null : acksSchema.safeParse(JSON.parse(body));
    return parsed?.success === true ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Lines that a tenant's isolate handed over, held to their form and bounds; null when they are not lines. */
export function parseLines(value: unknown): Fault["lines"] | null {
  const parsed = faultSchema.shape.lines.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** Reads the harness's word on a failed script. A script can forge it, and so spoil its own log and nothing else. */
export async function readFault(response: Response): Promise<Fault> {
  try {
    // A forged one may have no end.
    const { body, truncated } = await readBounded(response, FAULT_BYTES_MAX);
    if (!truncated) {
      const parsed = faultSchema.safeParse(JSON.parse(body));
      if (parsed.success) return parsed.data;
    }
  } catch {
    // Falls through: whatever it was, the script failed.
  }
  return { error: { name: "Error", message: "The script failed without saying how.", stack: "" }, lines: [] };
}

/** An exception that came out of the isolate itself, past the harness: at load, or because it was stopped. */
export function faultOfException(thrown: unknown): Fault {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return {
    error: {
      name: error.name.slice(0, 200),
      message: error.message.slice(0, LOG_LINE_LENGTH_MAX),
      stack: (error.stack ?? "").slice(0, STACK_LENGTH_MAX),
    },
    lines: [],
  };
}

/** Whether the runtime gave up on a script because nothing was left that could ever settle its answer. */
export function neverSettles(thrown: unknown): boolean {
  return thrown instanceof Error && /would never generate a response|hung/i.test(thrown.message);
}
