import { scryptSync } from "node:crypto";

import { PASSWORD_PAUSE_MS, PASSWORD_WAIT_MS_MAX } from "../../../contracts/limits.ts";
import { equalInConstantTime, toHex } from "./hash.ts";
import { Pace } from "./pace.ts";

/** Cost of scrypt (RFC 7914): `cost` is the binary logarithm of N. */
interface Parameters {
  cost: number;
  blockSize: number;
  parallel: number;
}

/** One of the settings that OWASP's password storage cheat sheet gives for scrypt: 16 MiB, five times over. */
const PARAMETERS: Parameters = { cost: 14, blockSize: 8, parallel: 5 };
/** Of hashes that name none: those of the library that hashed passwords first. */
const UNNAMED: Parameters = { cost: 14, blockSize: 16, parallel: 1 };
const SALT_BYTES = 16;
const KEY_BYTES = 64;
/** A first idea of how long a hash takes, in milliseconds. */
const TURN_MS = 120;

const STORED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([0-9a-f]{32})\$([0-9a-f]{128})$/;
const STORED_UNNAMED = /^([0-9a-f]{32}):([0-9a-f]{128})$/;

const pace = new Pace({ pauseMs: PASSWORD_PAUSE_MS, waitMsMax: PASSWORD_WAIT_MS_MAX, turnMs: TURN_MS });

/**
 * The text by which a password is stored: `$scrypt$ln=…,r=…,p=…$salt$key`, salt and key in hexadecimal.
 *
 * @throws PlatformError `unavailable` when too many wait to have one hashed.
 */
export async function hashPassword(password: string): Promise<string> {
  await passwordTurn();
  return hashInTurn(password);
}

/**
 * Whether a password is the stored one. Null, for nobody's password, takes as long as any and is false.
 *
 * @throws PlatformError `unavailable` when too many wait to have one hashed.
 */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  await passwordTurn();
  return verifyInTurn(stored, password);
}

/** Waits until one password may be hashed. Throws `unavailable` when too many wait. */
export const passwordTurn = (): Promise<void> => pace.wait();

/** Gives that turn back, where nothing is hashed after all. */
export const passPasswordTurn = (): void => pace.pass();

/** {@link hashPassword} for who has waited for the turn. */
export function hashInTurn(password: string): string {
  const salt = toHex(crypto.getRandomValues(new Uint8Array(SALT_BYTES)));
  const { cost, blockSize, parallel } = PARAMETERS;
  return `$scrypt$ln=${cost},r=${blockSize},p=${parallel}$${salt}$${keyOf(password, salt, PARAMETERS)}`;
}

/** {@link verifyPassword} for who has waited for the turn. */
export async function verifyInTurn(stored: string | null, password: string): Promise<boolean> {
  const parts = stored === null ? null : readStored(stored);
  if (parts === null) {
    hashInTurn(password);
    return false;
  }
  return equalInConstantTime(keyOf(password, parts.salt, parts.parameters), parts.key);
}

function readStored(stored: string): { parameters: Parameters; salt: string; key: string } | null {
  const [, cost, blockSize, parallel, salt, key] = STORED.exec(stored) ?? [];
  if (salt !== undefined && key !== undefined) {
    return { parameters: { cost: Number(cost), blockSize: Number(blockSize), parallel: Number(parallel) }, salt, key };
  }
  const [, unnamedSalt, unnamedKey] = STORED_UNNAMED.exec(stored) ?? [];
  if (unnamedSalt === undefined || unnamedKey === undefined) return null;
  return { parameters: UNNAMED, salt: unnamedSalt, key: unnamedKey };
}

/** The salt goes in as the text it is written in: those first hashes did so. */
function keyOf(password: string, salt: string, { cost, blockSize, parallel }: Parameters): string {
  const N = 2 ** cost;
  const options = { N, r: blockSize, p: parallel, maxmem: 256 * N * blockSize };
  return pace.run(() => toHex(scryptSync(password.normalize("NFKC"), salt, KEY_BYTES, options)));
}
