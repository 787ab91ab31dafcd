import { type CryptoKey, importJWK } from "jose";

import { PlatformError } from "../../../contracts/errors.ts";
import { HAND_OVER_ALGORITHM, type HandOverDoor, type JsonWebKeySet } from "../../../contracts/hand-over.ts";
import {
  SIGNING_KEYS_ASKING_MAX,
  SIGNING_KEYS_FRESH_MS,
  SIGNING_KEYS_MISS_MS,
  TENANT_SESSION_STALE_S,
} from "../../../contracts/limits.ts";

type Door = Pick<HandOverDoor, "signingKeys">;

/**
 * The control plane's public keys as this isolate knows them. Each request asks for itself, since none may wait for what
 * another one began; a few at a time do, and the rest go on with what is known.
 */
export class SigningKeys {
  #keys: ReadonlyMap<string, CryptoKey> = new Map();
  #askedAt = -Infinity;
  #learntAt = -Infinity;
  #asking = 0;

  /**
   * The key of a `kid`; null where there is none. One that is not known is looked for, at most every few seconds.
   *
   * @throws PlatformError `unavailable` where nothing is known of the keys, or nothing new for too long
   */
  async find(kid: string, door: Door, now: number): Promise<CryptoKey | null> {
    const age = now - this.#askedAt;
    const isDue = age >= SIGNING_KEYS_FRESH_MS || (age >= SIGNING_KEYS_MISS_MS && !this.#keys.has(kid));
    if (isDue && this.#asking < SIGNING_KEYS_ASKING_MAX) await this.#ask(door, now);
    if (now - this.#learntAt > TENANT_SESSION_STALE_S * 1_000) throw unavailable();
    return this.#keys.get(kid) ?? null;
  }

  async #ask(door: Door, now: number): Promise<void> {
    this.#asking += 1;
    try {
      this.#keys = await importAll(await door.signingKeys());
      this.#learntAt = this.#askedAt = now;
    } catch {
      // What is known holds while nobody can say more; the next look is not at once.
      this.#askedAt = now - SIGNING_KEYS_FRESH_MS + SIGNING_KEYS_MISS_MS;
    } finally {
      this.#asking -= 1;
    }
  }
}

async function importAll({ keys }: JsonWebKeySet): Promise<Map<string, CryptoKey>> {
  const imported = await Promise.all(
    keys.map(async (key) => [key.kid, await importJWK(key, HAND_OVER_ALGORITHM)] as const),
  );
  return new Map(imported.flatMap(([kid, key]) => (key instanceof Uint8Array ? [] : [[kid, key] as const])));
}

const unavailable = (): PlatformError =>
  new PlatformError("unavailable", "Nobody can say right now who is signed in. Try again in a moment.");

/** Those of this process. */
export const signingKeys = new SigningKeys();
