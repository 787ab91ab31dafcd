import * as z from "zod";

import { resourceNameSchema } from "../../../contracts/data/names.ts";
import { lockTtlMsSchema, sqlStatementsSchema } from "../../../contracts/data/schemas.ts";
import type { SqlResult, ToolsDoor } from "../../../contracts/data/tools.ts";
import { checkBatchBytes } from "../../../contracts/data/value.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { LOCK_POLL_MS_MAX, LOCK_POLL_MS_MIN, LOCK_WAIT_MS_MAX, LOCK_WAITS_MAX } from "../../../contracts/limits.ts";
import type { Area, CallContext } from "./area.ts";
import { parseCall, stateOf } from "./state.ts";

const name = resourceNameSchema;
const token = z.string().min(1).max(100);

const lockSchema = z.discriminatedUnion("operation", [
  z.strictObject({
    operation: z.literal("acquire"),
    name,
    ttlMs: lockTtlMsSchema,
    waitMs: z.number().int().nonnegative().max(LOCK_WAIT_MS_MAX),
  }),
  z.strictObject({ operation: z.literal("extend"), name, ttlMs: lockTtlMsSchema, token }),
  z.strictObject({ operation: z.literal("release"), name, token }),
]);
type Held = Awaited<ReturnType<ToolsDoor["lockAcquire"]>>;

/** Locks that one run at a time holds. */
export const lock: Area = async (call, context): Promise<Held | boolean> => {
  const asked = parseCall(lockSchema, call, "lock");
  const { orgId } = context.holder;
  const state = stateOf(context.env);
  switch (asked.operation) {
    case "acquire":
      return acquired(() => state.lockAcquire(orgId, asked.name, asked.ttlMs, null), asked.waitMs, context);
    case "extend":
      return state.lockAcquire(orgId, asked.name, asked.ttlMs, asked.token);
    case "release":
  }
  return state.lockRelease(orgId, asked.name, asked.token);
};

/** Runs that wait for locks here, by org: each of them asks several times a second. */
const waiting = new Map<string, number>();

/** Asks again while somebody else has the lock, with growing pauses; nobody is woken in turn. */
async function acquired(take: () => Promise<Held>, waitMs: number, { holder, caller }: CallContext): Promise<Held> {
  const until = Date.now() + waitMs;
  const first = await take();
  if (first !== null || waitMs === 0) return first;
  const { orgId } = holder;
  const others = waiting.get(orgId) ?? 0;
  if (others >= LOCK_WAITS_MAX) {
    const message = `Already ${LOCK_WAITS_MAX} calls of this org wait for locks. Take it without waiting, or try again later.`;
    throw new PlatformError("too_many_requests", message, { limit: LOCK_WAITS_MAX });
  }
  waiting.set(orgId, others + 1);
  try {
    for (let pauseMs = LOCK_POLL_MS_MIN; ; pauseMs = Math.min(pauseMs * 2, LOCK_POLL_MS_MAX)) {
      const leftMs = Math.min(until, caller.endsAt) - Date.now();
      if (leftMs <= 0) return null;
      await scheduler.wait(Math.min(leftMs, pauseMs * (0.5 + Math.random() / 2)));
      const held = await take();
      if (held !== null) return held;
    }
  } finally {
    const left = (waiting.get(orgId) ?? 1) - 1;
    if (left === 0) waiting.delete(orgId);
    else waiting.set(orgId, left);
  }
}

const counterSchema = z.strictObject({ name, by: z.number().int() });

/** Numbers that many add to. */
export const counter: Area = async (call, { holder: { orgId }, env }): Promise<number> => {
  const asked = parseCall(counterSchema, call, "counter");
  return stateOf(env).counterAdd(orgId, asked.name, asked.by);
};

const sqlSchema = z.strictObject({ statements: sqlStatementsSchema });

/** The org's own SQLite. */
export const sql: Area = async (call, { holder: { orgId }, env }): Promise<SqlResult[]> => {
  const { statements } = parseCall(sqlSchema, call, "sql");
  const texts = statements.flatMap(({ parameters }) => parameters.filter((value) => typeof value === "string"));
  checkBatchBytes(texts);
  if (!texts.every((text) => text.isWellFormed())) {
    throw new PlatformError("invalid", "A parameter of a SQL statement must be well-formed Unicode.");
  }
  return stateOf(env).sqlRun(orgId, statements);
};
