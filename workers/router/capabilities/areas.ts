import type { Area } from "./area.ts";
import { docs } from "./docs.ts";
import { invoke } from "./invoke.ts";
import { kv } from "./kv.ts";
import { queue, topic } from "./messages.ts";
import { secrets } from "./secrets.ts";
import { counter, lock, sql } from "./tools.ts";

/** Every area of what the platform gives to scripts, by name. */
export const AREAS: ReadonlyMap<string, Area> = new Map([
  ["invoke", invoke],
  ["kv", kv],
  ["docs", docs],
  ["queue", queue],
  ["topic", topic],
  ["secrets", secrets],
  ["lock", lock],
  ["counter", counter],
  ["sql", sql],
]);
