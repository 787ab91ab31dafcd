import { isLongerThan } from "../../../contracts/data/value.ts";
import { EVENT_BYTES_MAX } from "../../../contracts/limits.ts";
import type { StoreName } from "../../objects.ts";
import type { Change } from "../triggers.ts";

/**
 * What the handler reads of a change: JSON text of an `EventData`. Values are put in as the text that they
 * are. Where the whole is longer than an event may be, the value before is left out.
 */
export function eventDataOf({ kind, name }: Pick<StoreName, "kind" | "name">, change: Change): string {
  const { operation, key, prev, next, version } = change;
  const head = JSON.stringify({ kind, collection: name, [kind === "kv" ? "key" : "id"]: key, operation, version });
  const rest = next === null ? "}" : `,"next":${next}}`;
  const before = prev === null ? "" : `,"prev":${prev}`;
  const data = head.slice(0, -1) + before + rest;
  return before !== "" && isLongerThan(data, EVENT_BYTES_MAX) ? head.slice(0, -1) + rest : data;
}
