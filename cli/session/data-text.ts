import type { z } from "zod";

import type { getCollection } from "../../contracts/api/collections.ts";
import type { Result } from "../framework/command.ts";
import type { Host } from "../framework/host.ts";
import { clean, columns, formatBytes, formatTime, table } from "../framework/text.ts";

type Stats = z.output<(typeof getCollection)["response"]>;

const VALUE_LENGTH_SHOWN = 120;

/** A value in one line of a table, cut where it is long. */
export function valueLine(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return "";
  return text.length > VALUE_LENGTH_SHOWN ? `${text.slice(0, VALUE_LENGTH_SHOWN)}…` : text;
}

/** A value as the answer of a command: indented JSON, which a pipe gets as it is and a terminal must not obey. */
export function valueText(value: unknown, host: Host): string {
  const text = JSON.stringify(value, null, 2);
  return host.outIsTerminal ? clean(text) : text;
}

/** How big a collection is, for people. */
export function statsResult(stats: Stats): Result {
  const share = ((100 * stats.bytes) / stats.bytesMax).toFixed(1);
  const rows = [
    ["collection", `${stats.name} (${stats.kind})`],
    [stats.kind === "kv" ? "keys" : "documents", String(stats.count)],
    ["size", `${formatBytes(stats.bytes)} of ${formatBytes(stats.bytesMax)} (${share} %)`],
  ];
  return {
    json: stats,
    text: columns(rows).join("\n"),
    ...(stats.warning === null ? {} : { notes: [clean(stats.warning)] }),
  };
}

/** Collections as a table. */
export const collectionsText = (items: readonly { name: string; createdAt: number }[], empty: string): string =>
  table(
    ["collection", "since"],
    items.map(({ name, createdAt }) => [name, formatTime(createdAt)]),
    empty,
  );
