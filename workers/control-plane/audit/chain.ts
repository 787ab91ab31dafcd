import * as z from "zod";

import type { AuditFault } from "../../../contracts/api/audit.ts";
import { sha256Hex } from "../auth/hash.ts";
import { columnsOf, type EntryColumns, PLATFORM_CHAIN } from "./entry.ts";

/** How far a chain is verified. */
export interface Verified {
  chain: string;
  /** The last entry that is right; 0 before the first. */
  seq: number;
  /** Its id; null before the first. */
  id: string | null;
  hash: string;
}

/** A row of the log as the database gives it. */
export interface ChainRow extends EntryColumns {
  chain: string;
  seq: number;
  prevHash: string;
  hash: string;
  entry: string;
}

/** Where a chain has to be, or end: by its head, or by a note that somebody made. */
export interface Mark {
  seq: number;
  hash: string;
}

/** What is wrong, and at which place of the chain. */
export interface Break {
  seq: number;
  reason: AuditFault;
}

/** What a chain is checked against, beside itself. */
export interface Expected {
  /** What the database says is the newest entry, and the highest place that is taken; read in one statement. */
  head: Mark | null;
  last: number | null;
  /** What somebody noted down. */
  noted: Mark | null;
}

const entrySchema = z.object({
  id: z.string(),
  at: z.number(),
  actor: z.object({ type: z.enum(["user", "key", "platform"]), id: z.string(), name: z.string() }),
  action: z.string(),
  target: z.string(),
  orgId: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
  address: z.string().nullable(),
  requestId: z.string().nullable(),
});

/** A chain before its first entry: what comes first is linked to the chain's name, so that no chain passes for another. */
export async function beginningOf(chain: string): Promise<Verified> {
  return { chain, seq: 0, id: null, hash: await sha256Hex(chain) };
}

/** Hash of an entry: SHA-256 of the hash before it in hexadecimal, a line feed, and the entry's text. */
export const hashOf = (prevHash: string, entry: string): Promise<string> => sha256Hex(`${prevHash}\n${entry}`);

/**
 * Follows a chain through rows in the order of their places. Finds what was changed, removed, put in or moved; says where
 * it stopped, and null or the first break.
 */
export async function follow(
  from: Verified,
  rows: readonly ChainRow[],
  { head, noted }: Pick<Expected, "head" | "noted">,
): Promise<{ verified: Verified; broken: Break | null }> {
  let verified = from;
  for (const row of rows) {
    const reason = await faultOf(verified, row, head, noted);
    if (reason !== null) return { verified, broken: { seq: row.seq, reason } };
    verified = { chain: row.chain, seq: row.seq, id: row.id, hash: row.hash };
  }
  return { verified, broken: null };
}

/** What is wrong with a chain that was verified further than it goes; null when it is as long at least. */
export function faultOfStart({ seq }: Verified, { head }: Pick<Expected, "head">): Break | null {
  return seq > (head?.seq ?? 0) ? { seq, reason: "cut_short" } : null;
}

/** What is wrong with where a chain ends, after all its rows were followed; null when it ends where it should. */
export function faultOfEnd({ seq, hash }: Verified, { head, last, noted }: Expected): Break | null {
  if (head === null) return seq > 0 ? { seq, reason: "head_missing" } : cutBefore(seq, noted);
  if (last !== null && last > head.seq) return { seq: head.seq + 1, reason: "beyond_head" };
  if (seq === head.seq && hash !== head.hash) return { seq, reason: "head_changed" };
  return cutBefore(seq, head) ?? cutBefore(seq, noted);
}

const cutBefore = (seq: number, mark: Mark | null): Break | null =>
  mark !== null && seq < mark.seq ? { seq: mark.seq, reason: "cut_short" } : null;

async function faultOf(
  before: Verified,
  row: ChainRow,
  head: Mark | null,
  noted: Mark | null,
): Promise<AuditFault | null> {
  if (row.seq > before.seq + 1) return "missing";
  if (row.seq <= before.seq) return "repeated";
  if (row.prevHash !== before.hash) return "unlinked";
  if (row.hash !== (await hashOf(row.prevHash, row.entry))) return "entry_changed";
  if (!repeatsItsEntry(row)) return "column_changed";
  if (head?.seq === row.seq && head.hash !== row.hash) return "head_changed";
  if (noted?.seq === row.seq && noted.hash !== row.hash) return "not_as_noted";
  return null;
}

function repeatsItsEntry(row: ChainRow): boolean {
  const parsed = entrySchema.safeParse(jsonOf(row.entry));
  if (!parsed.success) return false;
  const { chain, seq: _seq, prevHash: _prevHash, hash: _hash, entry: _entry, ...columns } = row;
  if (chain !== (parsed.data.orgId ?? PLATFORM_CHAIN)) return false;
  return canonical(columns) === canonical(columnsOf(parsed.data));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** JSON in which the order of an object's names does not show: the database keeps another one than was written. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
