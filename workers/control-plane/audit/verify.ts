import { and, asc, eq, sql } from "drizzle-orm";
import * as z from "zod";

import { PlatformError } from "../../../contracts/errors.ts";
import { AUDIT_CHAINS_VERIFIED_MAX, AUDIT_VERIFIED_MAX, AUDIT_VERIFY_PAGE } from "../../../contracts/limits.ts";
import { auditHead, auditLog } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import {
  beginningOf,
  type Break,
  type Expected,
  faultOfEnd,
  faultOfStart,
  follow,
  type Mark,
  type Verified,
} from "./chain.ts";

/** What one call found. */
export interface Verification {
  /** Entries that were looked at. */
  entries: number;
  /** How far it came. */
  verified: Verified | null;
  broken: (Break & { chain: string }) | null;
  /** To go on with; null when there is nothing left, or something is broken. */
  cursor: string | null;
}

const cursorSchema = z.object({
  chain: z.string().max(100),
  seq: z.number().int().min(0),
  id: z.string().max(100).nullable(),
  hash: z.string().max(64),
});

/** Verifies the chain of an org or of the platform, from where the cursor says, as far as one call goes. */
export async function verifyChain(
  scope: Scope,
  chain: string,
  cursor: string | undefined,
  noted: Mark | null,
): Promise<Verification> {
  // The cursor is the caller's: it says how far, never of which chain.
  const from = cursor === undefined ? await beginningOf(chain) : { ...readCursor(cursor), chain };
  return walk(scope, from, noted, AUDIT_VERIFIED_MAX);
}

/** Verifies all chains one after the other, likewise. */
export async function verifyAll(scope: Scope, cursor: string | undefined): Promise<Verification> {
  let from = cursor === undefined ? await firstAfter(scope, "") : readCursor(cursor);
  let entries = 0;
  let verified: Verified | null = null;
  for (let chains = 0; from !== null; chains += 1) {
    if (entries >= AUDIT_VERIFIED_MAX || chains >= AUDIT_CHAINS_VERIFIED_MAX) {
      return { entries, verified, broken: null, cursor: toCursor(from) };
    }
    const found: Verification = await walk(scope, from, null, AUDIT_VERIFIED_MAX - entries);
    entries += found.entries;
    verified = found.verified;
    if (found.broken !== null || found.cursor !== null) return { ...found, entries };
    from = await firstAfter(scope, from.chain);
  }
  return { entries, verified, broken: null, cursor: null };
}

async function walk(scope: Scope, from: Verified, noted: Mark | null, max: number): Promise<Verification> {
  const { chain } = from;
  const expected: Expected = { ...(await endOf(scope, chain)), noted };
  const cut = faultOfStart(from, expected);
  if (cut !== null) return { entries: 0, verified: null, broken: { chain, ...cut }, cursor: null };
  let verified = from;
  let entries = 0;
  for (;;) {
    const rows = await rowsAfter(scope, verified);
    const found = await follow(verified, rows, expected);
    verified = found.verified;
    entries += rows.length;
    if (found.broken !== null) return { entries, verified, broken: { chain, ...found.broken }, cursor: null };
    if (rows.length < AUDIT_VERIFY_PAGE) break;
    if (entries >= max) return { entries, verified, broken: null, cursor: toCursor(verified) };
  }
  const fault = faultOfEnd(verified, expected);
  return { entries, verified, broken: fault === null ? null : { chain, ...fault }, cursor: null };
}

/** Head and highest place of a chain, as they are at one moment. */
async function endOf(scope: Scope, chain: string): Promise<Omit<Expected, "noted">> {
  const last = sql<string | null>`(select max(${auditLog.seq}) from ${auditLog} where ${auditLog.chain} = ${chain})`;
  const { rows } = await scope.database.execute<{ seq: string | null; hash: string | null; last: string | null }>(
    sql`select head.seq, head.hash, ${last} as last from (select 1) as one left join ${auditHead} as head on head.chain = ${chain}`,
  );
  const [end] = rows;
  return {
    head: end === undefined || end.seq === null || end.hash === null ? null : { seq: Number(end.seq), hash: end.hash },
    last: end === undefined || end.last === null ? null : Number(end.last),
  };
}

/** The next rows by their place; by id beside it, for a place that is taken twice is what is looked for. */
function rowsAfter(scope: Scope, { chain, seq, id }: Verified) {
  const after = id === null ? undefined : sql`(${auditLog.seq}, ${auditLog.id}) > (${seq}::bigint, ${id}::text)`;
  return scope.database
    .select()
    .from(auditLog)
    .where(and(eq(auditLog.chain, chain), after))
    .orderBy(asc(auditLog.seq), asc(auditLog.id))
    .limit(AUDIT_VERIFY_PAGE);
}

async function firstAfter(scope: Scope, chain: string): Promise<Verified | null> {
  const { rows } = await scope.database.execute<{ chain: string | null }>(sql`
    select least(
      (select min(chain) from ${auditHead} where chain > ${chain}),
      (select min(chain) from ${auditLog} where chain > ${chain})
    ) as chain`);
  const next = rows[0]?.chain ?? null;
  return next === null ? null : beginningOf(next);
}

const toCursor = (verified: Verified): string => btoa(JSON.stringify(verified));

function readCursor(cursor: string): Verified {
  try {
    return cursorSchema.parse(JSON.parse(atob(cursor)));
  } catch {
    throw new PlatformError("invalid", "This cursor is not one that a verification gave. Start again without it.", {
      issues: [{ field: "cursor", reason: "is not one that a verification gave" }],
    });
  }
}
