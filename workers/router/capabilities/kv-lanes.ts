import type { KvCall, KvEntry, KvOutcome, KvWritten } from "../../../contracts/data/kv.ts";
import type { StateDoor } from "../../../contracts/doors.ts";
import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import { STATE_KEYS_COMBINED_MAX, STATE_VALUES_COMBINED_LENGTH_MAX } from "../../../contracts/limits.ts";
import { Combiner } from "./combiner.ts";

/** Where calls are made together: one collection of one org. */
export interface Lane {
  state: StateDoor;
  orgId: string;
  collection: string;
  keepAlive: (work: Promise<void>) => void;
}

type Reads = Combiner<string[], (KvEntry | null)[]>;
type Writes = Combiner<KvCall, KvOutcome>;

/** Lanes remembered while nothing is under way in them. */
const LANES_MAX = 1_000;

const reads = new Map<string, Reads>();
const writes = new Map<string, Writes>();

/** `kvGet`, together with others of the collection. */
export function readTogether(lane: Lane, keys: string[], values: boolean): Promise<(KvEntry | null)[]> {
  const { state, orgId, collection } = lane;
  if (keys.length > STATE_KEYS_COMBINED_MAX) return state.kvGet(orgId, collection, keys, values);
  const combiner = laneOf(reads, `${orgId}/${collection}/${values}`, () => readsOf(lane, values));
  return combiner.call(keys, lane.keepAlive);
}

/** `kvWrite`, together with others of the collection; each happens all or none for itself. */
export async function writeTogether(lane: Lane, call: KvCall): Promise<KvWritten[]> {
  const { state, orgId, collection } = lane;
  if (lengthOf(call) > STATE_VALUES_COMBINED_LENGTH_MAX) {
    return state.kvWrite(orgId, collection, call.writes, call.origin);
  }
  const combiner = laneOf(writes, `${orgId}/${collection}`, () => writesOf(lane));
  const outcome = await combiner.call(call, lane.keepAlive);
  if (outcome.ok) return outcome.written;
  const { code, message, details } = outcome.error;
  throw new PlatformError(code, message, details);
}

function readsOf({ state, orgId, collection }: Lane, values: boolean): Reads {
  const read = (keys: string[]): Promise<(KvEntry | null)[]> => state.kvGet(orgId, collection, keys, values);
  return new Combiner({
    send: async (calls) => {
      if (calls.length === 1) return Promise.all(calls.map(read));
      try {
        const entries = await read(calls.flat());
        let from = 0;
        return calls.map((keys) => entries.slice(from, (from += keys.length)));
      } catch (error) {
        // Together they are more than one answer may hold, which none of them has to be.
        if (platformErrorOf(error)?.code !== "too_large") throw error;
        return Promise.all(calls.map(read));
      }
    },
    sizeOf: (keys) => keys.length,
    sizeMax: STATE_KEYS_COMBINED_MAX,
  });
}

const writesOf = ({ state, orgId, collection }: Lane): Writes =>
  new Combiner({
    send: async (calls) => {
      const [first, ...others] = calls;
      if (first === undefined || others.length > 0) return state.kvWriteMany(orgId, collection, calls);
      return [{ ok: true, written: await state.kvWrite(orgId, collection, first.writes, first.origin) }];
    },
    sizeOf: lengthOf,
    sizeMax: STATE_VALUES_COMBINED_LENGTH_MAX,
  });

function lengthOf({ writes }: KvCall): number {
  let length = 0;
  for (const write of writes) length += write.key.length + (write.operation === "set" ? write.value.length : 0);
  return length;
}

function laneOf<C extends Pick<Combiner<unknown, unknown>, "isIdle" | "isStuck">>(
  lanes: Map<string, C>,
  name: string,
  make: () => C,
): C {
  const known = lanes.get(name);
  if (known !== undefined && !known.isStuck) return known;
  if (lanes.size >= LANES_MAX) for (const [other, { isIdle }] of lanes) if (isIdle) lanes.delete(other);
  const made = make();
  lanes.set(name, made);
  return made;
}
