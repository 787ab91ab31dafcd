import { gt, sql } from "drizzle-orm";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";

import type { Actor } from "../../../contracts/doors.ts";
import { HAND_OVER_ALGORITHM, type JsonWebKeySet } from "../../../contracts/hand-over.ts";
import { audit } from "../audit/write.ts";
import type { Queries } from "../database/connect.ts";
import { signingKey } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { lifeFrom, nextDue, signersAmong } from "./key-life.ts";
import { seal, unseal } from "./seal.ts";

export type SigningKeyRow = typeof signingKey.$inferSelect;

/** A key to sign with, and the `kid` that says so. */
export interface Signer {
  id: string;
  key: CryptoKey;
}

/** All keys whose signatures may be believed, and those that are to sign next. */
export function goodKeys(queries: Queries, now: number): Promise<SigningKeyRow[]> {
  return queries
    .select()
    .from(signingKey)
    .where(gt(signingKey.expiresAt, new Date(now)));
}

/** The public halves, as everybody may have them. */
export function keySetOf(rows: readonly SigningKeyRow[]): JsonWebKeySet {
  const keys = rows.map(({ id, publicKey: { kty = "", crv = "", x = "" } }) => {
    return { kid: id, kty, crv, x, alg: HAND_OVER_ALGORITHM, use: "sig" };
  });
  return { keys };
}

/** The key to sign with now, among those that are good; the first who needs one makes it. */
export async function getSigner(scope: Scope, rows: readonly SigningKeyRow[]): Promise<Signer> {
  const known = await findSigner(scope, rows, Date.now());
  if (known !== null) return known;
  const made = await alone(scope, async (tx) => {
    const now = Date.now();
    return (await findSigner(scope, await goodKeys(tx, now), now)) ?? (await makeKey(tx, scope, now));
  });
  return made;
}

/** Publishes the next key when it is time to, and removes those that are over. For the clock. */
export async function keepSigningKeys(scope: Scope, now: number): Promise<void> {
  // Looked at outside first: most of the time there is nothing to do.
  const rows = await scope.database.select().from(signingKey);
  const isOver = rows.some(({ expiresAt }) => expiresAt.getTime() <= now);
  if (!isOver && nextDue(rows, now) === null) return;
  await alone(scope, async (tx) => {
    await tx.delete(signingKey).where(sql`${signingKey.expiresAt} <= ${new Date(now)}`);
    const due = nextDue(await goodKeys(tx, now), now);
    if (due !== null) await makeKey(tx, scope, due);
  });
}

/** Makes a key that signs from now on; `revoke` removes all others, so that nothing they signed is believed any more. */
export function rotateSigningKeys(scope: Scope, actor: Actor, revoke: boolean): Promise<SigningKeyRow[]> {
  return alone(scope, async (tx) => {
    const now = Date.now();
    if (revoke) await tx.delete(signingKey);
    const { id } = await makeKey(tx, scope, now);
    await audit(tx, scope, { actor, action: "signing-key.rotate", target: id, details: { revoke } });
    return goodKeys(tx, now);
  });
}

/** Works while nobody else changes keys; readers are not kept waiting. */
function alone<T>(scope: Scope, work: (tx: Queries) => Promise<T>): Promise<T> {
  return scope.database.transaction(async (tx) => {
    await tx.execute(sql`lock table ${signingKey} in share row exclusive mode`);
    return work(tx);
  });
}

/** Null also where the platform's secret is another than the one that the keys were sealed under. */
async function findSigner({ env }: Scope, rows: readonly SigningKeyRow[], now: number): Promise<Signer | null> {
  for (const { id, privateKey } of signersAmong(rows, now)) {
    const text = await unseal(env.AUTH_SECRET, id, privateKey);
    if (text !== null) return { id, key: await privateKeyOf(JSON.parse(text) as JWK) };
  }
  return null;
}

async function makeKey(tx: Queries, { env }: Scope, activeFrom: number): Promise<Signer> {
  const pair = await generateKeyPair(HAND_OVER_ALGORITHM, { crv: "Ed25519", extractable: true });
  const { kty = "", crv = "", x = "" } = await exportJWK(pair.publicKey);
  const publicKey = { kty, crv, x };
  const id = await calculateJwkThumbprint(publicKey);
  const privateJwk = await exportJWK(pair.privateKey);
  const privateKey = await seal(env.AUTH_SECRET, id, JSON.stringify(privateJwk));
  await tx.insert(signingKey).values({ id, publicKey, privateKey, ...lifeFrom(activeFrom) });
  return { id, key: await privateKeyOf(privateJwk) };
}

async function privateKeyOf(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, HAND_OVER_ALGORITHM);
  if (key instanceof Uint8Array) throw new TypeError("An Ed25519 key is no secret of bytes");
  return key;
}
