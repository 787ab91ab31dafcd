import { and, eq, inArray, lt, lte, sql } from "drizzle-orm";

import { newId } from "../../../contracts/ids.ts";
import {
  MAIL_ATTEMPTS_MAX,
  MAIL_BATCH_MAX,
  MAIL_ERROR_LENGTH_MAX,
  MAIL_LEASE_MS,
  MAIL_PASS_MS,
  MAIL_RETENTION_MS,
  MAIL_RETRY_MS,
  MAIL_RETRY_MS_MAX,
} from "../../../contracts/limits.ts";
import type { Queries } from "../database/connect.ts";
import { mail } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { type Letter, type MailDriver, MailRefusal } from "./driver.ts";
import { findMailDriver, requireMail } from "./drivers.ts";

type MailRow = typeof mail.$inferSelect;

/** A time on the database's own clock, from now. */
const inMs = (ms: number) => sql`now() + ${ms} * interval '1 millisecond'`;

/**
 * Writes a letter down with the change that it tells of, and sends it after that: give the transaction of the change.
 * What does not leave at once, the clock tries again.
 *
 * @throws PlatformError `unavailable` where this platform cannot send mail.
 */
export async function sendLater(queries: Queries, scope: Scope, letter: Letter): Promise<void> {
  const driver = requireMail(scope.env);
  const id = newId("mail");
  await queries.insert(mail).values({
    id,
    recipient: letter.to,
    subject: letter.subject,
    text: letter.text,
    html: letter.html,
  });
  // Waits for the connection, and so for the end of the transaction; where that is undone, there is nothing to claim.
  scope.later(() => deliver(scope, driver, eq(mail.id, id)));
}

/** Sends what is due, within the time of one pass. */
export async function sendDueMail(scope: Scope): Promise<void> {
  const driver = findMailDriver(scope.env);
  if (driver === null) return;
  const endsAt = Date.now() + MAIL_PASS_MS;
  while (Date.now() < endsAt) if ((await deliver(scope, driver)) < MAIL_BATCH_MAX) return;
}

/** Removes letters whose time is over, whatever became of them. */
export async function removeOldMail({ database }: Scope): Promise<void> {
  await database.delete(mail).where(lt(mail.createdAt, inMs(-MAIL_RETENTION_MS)));
}

/** Claims what is due (one letter, or a batch) and tries each once; returns how many were claimed. */
async function deliver(scope: Scope, driver: MailDriver, which?: ReturnType<typeof eq>): Promise<number> {
  const claimed = await claim(scope, which);
  await Promise.all(claimed.map((row) => attempt(scope, driver, row)));
  return claimed.length;
}

/**
 * Takes letters for one attempt by moving their time on: nobody else takes them meanwhile, and where this attempt
 * never ends they are due again.
 */
function claim({ database }: Scope, which: ReturnType<typeof eq> | undefined): Promise<MailRow[]> {
  const due = database
    .select({ id: mail.id })
    .from(mail)
    .where(and(which, eq(mail.state, "queued"), lte(mail.dueAt, sql`now()`)))
    .orderBy(mail.dueAt)
    .limit(MAIL_BATCH_MAX)
    .for("update", { skipLocked: true });
  return database
    .update(mail)
    .set({ attempts: sql`${mail.attempts} + 1`, dueAt: inMs(MAIL_LEASE_MS) })
    .where(inArray(mail.id, due))
    .returning();
}

async function attempt({ database }: Scope, driver: MailDriver, row: MailRow): Promise<void> {
  const { id, recipient, subject, text, html, attempts } = row;
  const outcome = await send(driver, { id, to: recipient, subject, text: text ?? "", html: html ?? "" }).then(
    () => null,
    (error: unknown) => next(error, attempts),
  );
  const gone = driver.keepsText ? {} : { text: null, html: null };
  const change =
    outcome === null
      ? { state: "sent" as const, sentAt: sql`now()`, error: null, ...gone }
      : outcome.retryInMs === null
        ? { state: "failed" as const, error: outcome.reason, ...gone }
        : { error: outcome.reason, dueAt: inMs(outcome.retryInMs) };
  // Of an attempt that another has overtaken nothing is written down.
  await database
    .update(mail)
    .set(change)
    .where(and(eq(mail.id, id), eq(mail.state, "queued"), eq(mail.attempts, attempts)));
}

const send: MailDriverSend = async (driver, letter) => driver.send(letter);
type MailDriverSend = (driver: MailDriver, letter: Parameters<MailDriver["send"]>[0]) => Promise<void>;

/**
 * What follows a failed attempt: when to try again, in milliseconds from now, or null to give up. The pause doubles
 * with each attempt, and is never shorter than the provider asked for, within bounds.
 */
export function next(error: unknown, attempts: number): { reason: string; retryInMs: number | null } {
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, MAIL_ERROR_LENGTH_MAX);
  const refusal = error instanceof MailRefusal ? error : null;
  if (refusal?.permanent === true || attempts >= MAIL_ATTEMPTS_MAX) return { reason, retryInMs: null };
  const pauseMs = Math.max(MAIL_RETRY_MS * 2 ** (attempts - 1), refusal?.retryAfterMs ?? 0);
  return { reason, retryInMs: Math.min(pauseMs, MAIL_RETRY_MS_MAX) };
}
