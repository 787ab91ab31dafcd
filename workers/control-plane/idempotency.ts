import { and, eq, lt } from "drizzle-orm";

import { PlatformError, platformErrorOf, errorBody, ERROR_STATUS } from "../../contracts/errors.ts";
import { IDEMPOTENCY_LOCK_MS, IDEMPOTENCY_TTL_MS, IDEMPOTENT_ANSWER_LENGTH_MAX } from "../../contracts/limits.ts";
import { sha256Hex } from "./auth/hash.ts";
import type { Principal } from "./auth/principal.ts";
import { idempotencyKey } from "./database/schema.ts";
import type { Scope } from "./scope.ts";

/** A mutation as far as its repetition is concerned. */
interface Mutation {
  principal: Principal;
  request: Request;
  bodyText: string;
  /** Status of success. */
  status: number;
  secretAnswer?: boolean;
}

/** An answer to send: JSON text, or null for no content. */
interface Sent {
  status: number;
  body: string | null;
}

const KEY_FORM = /^[\x21-\x7e]{1,200}$/;
const RETRY_AFTER_SECONDS = 1;

/**
 * Gives a mutation with an `Idempotency-Key` the effect of one, however often it is sent: the first
 * answer is kept and repeated, refusals too. A failure of the platform is not kept, so that a
 * repetition tries again. Without the header, and for reads, it only runs.
 */
export async function once(scope: Scope, mutation: Mutation, answer: () => Promise<string | null>): Promise<Sent> {
  const key = mutation.request.headers.get("idempotency-key");
  if (key === null || mutation.request.method === "GET") return { status: mutation.status, body: await answer() };
  if (!KEY_FORM.test(key)) {
    throw new PlatformError("invalid", "Idempotency-Key must be 1 to 200 visible ASCII characters.", {
      issues: [{ field: "Idempotency-Key", reason: "must be 1 to 200 visible ASCII characters" }],
    });
  }
  const principalId = mutation.principal.key?.id ?? mutation.principal.user.id;
  const slot = and(eq(idempotencyKey.principalId, principalId), eq(idempotencyKey.key, key));
  const kept = await claim(scope, principalId, key, await hashOf(mutation));
  if (kept !== null) return kept;

  let sent: Sent;
  try {
    sent = { status: mutation.status, body: await answer() };
  } catch (error) {
    const refusal = platformErrorOf(error);
    if (refusal === null || ERROR_STATUS[refusal.code] >= 500) {
      await scope.database.delete(idempotencyKey).where(slot);
      throw error;
    }
    sent = { status: ERROR_STATUS[refusal.code], body: JSON.stringify(errorBody(refusal, scope.requestId)) };
    await keep(scope, slot, sent, false);
    throw error;
  }
  await keep(scope, slot, sent, mutation.secretAnswer === true);
  return sent;
}

/** Takes the key for this request; null when it is ours to run, else the answer that is kept already. */
async function claim(scope: Scope, principalId: string, key: string, requestHash: string): Promise<Sent | null> {
  const now = Date.now();
  const slot = and(eq(idempotencyKey.principalId, principalId), eq(idempotencyKey.key, key));
  await scope.database
    .delete(idempotencyKey)
    .where(and(slot, lt(idempotencyKey.createdAt, new Date(now - IDEMPOTENCY_TTL_MS))));
  const lockedUntil = new Date(now + IDEMPOTENCY_LOCK_MS);
  const mine = await scope.database
    .insert(idempotencyKey)
    .values({ principalId, key, requestHash, lockedUntil })
    .onConflictDoNothing()
    .returning({ key: idempotencyKey.key });
  if (mine.length > 0) return null;
  const [row] = await scope.database.select().from(idempotencyKey).where(slot);
  if (row === undefined) throw busy();
  if (row.requestHash !== requestHash) {
    throw new PlatformError("invalid", "This Idempotency-Key was used for another request. Send a new key.", {
      issues: [{ field: "Idempotency-Key", reason: "was used for another request" }],
    });
  }
  if (row.status !== null) return keptAnswer(row.status, row.body);
  if (row.lockedUntil.getTime() > now) throw busy();
  // Whoever held it never ended; one of those who find out goes on.
  const taken = await scope.database
    .update(idempotencyKey)
    .set({ lockedUntil })
    .where(and(slot, eq(idempotencyKey.lockedUntil, row.lockedUntil)))
    .returning({ key: idempotencyKey.key });
  if (taken.length === 0) throw busy();
  return null;
}

function keptAnswer(status: number, body: string | null): Sent {
  if (status !== 204 && body === null) {
    throw new PlatformError(
      "conflict",
      "This request was carried out before and its answer is not kept, for it held a secret or was too long. List what there is, or send a new Idempotency-Key.",
    );
  }
  return { status, body };
}

async function keep(scope: Scope, slot: ReturnType<typeof and>, sent: Sent, secret: boolean): Promise<void> {
  const tooLong = sent.body !== null && sent.body.length > IDEMPOTENT_ANSWER_LENGTH_MAX;
  await scope.database
    .update(idempotencyKey)
    .set({ status: sent.status, body: secret || tooLong ? null : sent.body })
    .where(slot);
}

function hashOf({ request, bodyText }: Mutation): Promise<string> {
  const { pathname, search } = new URL(request.url);
  return sha256Hex([request.method, pathname + search, bodyText].join("\n"));
}

const busy = (): PlatformError =>
  new PlatformError("conflict", "A request with this Idempotency-Key is being carried out. Send it again shortly.", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
