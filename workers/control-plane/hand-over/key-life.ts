import {
  SIGNING_KEY_ACTIVE_MS,
  SIGNING_KEY_AHEAD_MS,
  TENANT_SESSION_TTL_S,
  TOKEN_LEEWAY_S,
} from "../../../contracts/limits.ts";

/** The times of a signing key. */
export interface KeyLife {
  /** From when it signs. */
  activeFrom: Date;
  /** Until when what it signed may be believed. */
  expiresAt: Date;
}

/** Longest time for which something that a key signed is good, in milliseconds. */
const SIGNED_MS = (TENANT_SESSION_TTL_S + TOKEN_LEEWAY_S) * 1_000;

/** The life of a key that signs from a time on; beyond its turn it has some slack, should nobody be there to make the next. */
export function lifeFrom(activeFrom: number): KeyLife {
  const expiresAt = activeFrom + SIGNING_KEY_ACTIVE_MS + SIGNING_KEY_AHEAD_MS + SIGNED_MS;
  return { activeFrom: new Date(activeFrom), expiresAt: new Date(expiresAt) };
}

/** The keys that may sign now, the newest first: all that they sign ends before they do. */
export function signersAmong<Key extends KeyLife>(keys: readonly Key[], now: number): Key[] {
  return keys
    .filter(({ activeFrom, expiresAt }) => activeFrom.getTime() <= now && expiresAt.getTime() >= now + SIGNED_MS)
    .sort((one, other) => other.activeFrom.getTime() - one.activeFrom.getTime());
}

/** When the next key is to begin, once it is time to publish it; null before. */
export function nextDue(keys: readonly KeyLife[], now: number): number | null {
  if (keys.length === 0) return null;
  const next = Math.max(...keys.map(({ activeFrom }) => activeFrom.getTime())) + SIGNING_KEY_ACTIVE_MS;
  return next - SIGNING_KEY_AHEAD_MS <= now ? Math.max(next, now) : null;
}
