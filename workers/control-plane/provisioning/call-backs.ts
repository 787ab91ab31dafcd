import { and, eq, ne } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import { idSchema } from "../../../contracts/ids.ts";
import { CALL_BACK_TOLERANCE_MS } from "../../../contracts/limits.ts";
import { machineSecret } from "../../../contracts/machines.ts";
import { type Claim, readClaim, refusalOf, signingKeyOf } from "../../../contracts/webhook-signature.ts";
import { machine, org } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import type { MachineRow } from "./machines.ts";

const machineId = idSchema("machine");
const HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
/** A version that every machine may have, for a signature that is checked although there is nobody. */
const SOME_VERSION = 1;

/** What a machine signs its call-backs with, as Standard Webhooks writes it: `whsec_` and 32 bytes in base 64. */
export async function callBackSecret(key: string, id: string, version: number): Promise<string> {
  const hex = await machineSecret(key, "call-backs", id, version);
  const bytes = Array.from({ length: hex.length / 2 }, (_, place) =>
    Number.parseInt(hex.slice(place * 2, place * 2 + 2), 16),
  );
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

/** A call-back that its machine has signed. */
export interface CallBack {
  machine: MachineRow;
  slug: string;
  claim: Claim;
}

/**
 * The machine that has signed a call-back, as Standard Webhooks has it, over the very text of the body. Throws
 * `unauthenticated`, the same for a machine that is not there and for a signature that is not its.
 *
 * @param id as the caller says
 */
export async function requireCallBack(scope: Scope, id: string, request: Request, text: string): Promise<CallBack> {
  const claim = readClaim(Object.fromEntries(HEADERS.map((name) => [name, request.headers.get(name) ?? ""])));
  if ("refused" in claim) throw notSigned();
  const found = machineId.safeParse(id).success ? await findMachine(scope, id) : null;
  const version = found?.machine.secretsVersion ?? SOME_VERSION;
  const key = await signingKeyOf(await callBackSecret(scope.env.MACHINE_KEY, id, version));
  const when = { toleranceMs: CALL_BACK_TOLERANCE_MS, now: Date.now() };
  const refusal = await refusalOf(claim, new TextEncoder().encode(text), [key], when);
  if (refusal !== null || found === null) throw notSigned();
  return { ...found, claim };
}

async function findMachine({ database }: Scope, id: string): Promise<{ machine: MachineRow; slug: string } | null> {
  const [found] = await database
    .select({ machine, slug: org.slug })
    .from(machine)
    .innerJoin(org, eq(org.id, machine.orgId))
    .where(and(eq(machine.id, id), ne(machine.state, "destroyed")));
  return found ?? null;
}

/**
 * Whether a call-back comes after the one that was taken last, as a mark to keep; null for one that was sent again, or
 * that an older one is.
 *
 * @param last the mark that was kept; the id has no `.` in it
 */
export function markOf({ id, timestampText }: Pick<Claim, "id" | "timestampText">, last: string | null): string | null {
  const mark = `${timestampText}.${id}`;
  if (last === null) return mark;
  const before = Number(last.slice(0, last.indexOf(".")));
  const now = Number(timestampText);
  return now > before || (now === before && mark !== last) ? mark : null;
}

const notSigned = (): PlatformError =>
  new PlatformError(
    "unauthenticated",
    "There is no such machine, or it has not signed this as it is. Sign the body with the machine's call-back secret, and the time of sending.",
  );
