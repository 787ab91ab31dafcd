import type { AuditRow } from "./rows.ts";

/** Columns of the CSV, in their order. */
const COLUMNS: readonly [name: string, of: (row: AuditRow) => string | number | null][] = [
  ["at", ({ at }) => at.toISOString()],
  ["actor_type", ({ actorType }) => actorType],
  ["actor_id", ({ actorId }) => actorId],
  ["actor_name", ({ actorName }) => actorName],
  ["action", ({ action }) => action],
  ["target", ({ target }) => target],
  ["org_id", ({ orgId }) => orgId],
  ["details", ({ details }) => JSON.stringify(details)],
  ["address", ({ address }) => address],
  ["request_id", ({ requestId }) => requestId],
  ["id", ({ id }) => id],
  ["chain", ({ chain }) => chain],
  ["seq", ({ seq }) => seq],
  ["prev_hash", ({ prevHash }) => prevHash],
  ["hash", ({ hash }) => hash],
];

/** What a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;
const TO_QUOTE = /[",\r\n]/;

export const csvHeader = `${COLUMNS.map(([name]) => name).join(",")}\r\n`;

/** An entry as a line of CSV (RFC 4180), of which no cell is a formula. */
export function csvLine(row: AuditRow): string {
  return `${COLUMNS.map(([, of]) => cell(of(row) ?? "")).join(",")}\r\n`;
}

/** An entry as a line of JSON with all that its hash is made of: SHA-256 of `prevHash`, a line feed and `entry`. */
export function ndjsonLine({ chain, seq, prevHash, hash, entry }: AuditRow): string {
  return `${JSON.stringify({ chain, seq, prevHash, hash, entry })}\n`;
}

function cell(value: string | number): string {
  if (typeof value === "number") return `${value}`;
  const plain = FORMULA.test(value) ? `'${value}` : value;
  return TO_QUOTE.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
