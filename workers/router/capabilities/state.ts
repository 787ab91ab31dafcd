import type * as z from "zod";

import type { Origin } from "../../../contracts/data/origin.ts";
import type { StateDoor } from "../../../contracts/doors.ts";
import { invalidFrom } from "../../../contracts/errors.ts";
import { guard } from "../../../contracts/rpc/guard.ts";
import { STATE_RULES } from "../../../contracts/rpc/rules.ts";
import type { LiveRun } from "../dispatch/run-table.ts";
import type { RouterEnv } from "../env.ts";

const guarded = new WeakMap<StateDoor, StateDoor>();

/** The door to tenant state, with deadlines and, where that is safe, one more try. */
export function stateOf({ STATE }: Pick<RouterEnv, "STATE">): StateDoor {
  let door = guarded.get(STATE);
  if (door === undefined) {
    door = guard(STATE, "The state", STATE_RULES);
    guarded.set(STATE, door);
  }
  return door;
}

/** Who a change is written down as made by. */
export const originOf = (caller: LiveRun): Origin => ({ executionId: caller.executionId, depth: caller.eventDepth });

/**
 * Reads what a tenant's code handed over.
 *
 * @throws PlatformError `invalid` that names what is wrong.
 */
export function parseCall<S extends z.ZodType>(schema: S, call: unknown, area: string): z.output<S> {
  const parsed = schema.safeParse(call);
  if (parsed.success) return parsed.data;
  throw invalidFrom(parsed.error, `call of ${area}`);
}
