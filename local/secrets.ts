import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { StartError } from "./start-error.ts";

const SECRET_BYTES = 32;
const PLATFORM_ID_BYTES = 6;

const keySchema = z
  .base64()
  .refine((key) => Buffer.from(key, "base64").byteLength === SECRET_BYTES, `must be ${SECRET_BYTES} bytes in base 64`);

const secretsSchema = z.object({
  /** Signs session cookies. */
  authSecret: z.string().min(32),
  /** Seal the orgs' secrets: version → 32 bytes in base 64. Losing one loses what it sealed. */
  secretsKeys: z.record(z.string().regex(/^[1-9][0-9]{0,5}$/), keySchema),
  /** What machines' secrets are derived of. Another one makes every machine a stranger. */
  machineKey: z.string().min(32),
  /** Tells what this installation made at providers from what others did. Another one makes orphans of all of it. */
  platformId: z.string().regex(/^[a-z0-9]{8,32}$/),
});
/** Data folders of earlier versions have only the first of them. */
const writtenSchema = secretsSchema.partial({ secretsKeys: true, machineKey: true, platformId: true });
const keysFileSchema = secretsSchema.pick({ authSecret: true, secretsKeys: true });

/** What is drawn once for a data folder and must never change after. */
export type Secrets = z.infer<typeof secretsSchema>;

/**
 * Reads the secrets of a data folder, and draws them when it has none yet.
 *
 * @throws StartError when the file is there and cannot be understood: drawing new ones would sign everybody out.
 */
export function openSecrets(dataDirectory: string): Secrets {
  const path = secretsFile(dataDirectory);
  const text = readIfThere(path);
  if (text === null) {
    const secrets = completed({ authSecret: randomToken() });
    write(path, secrets);
    return secrets;
  }
  const parsed = writtenSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new StartError(`${path} is damaged`, "restore it from a backup, or remove it to sign everybody out");
  }
  const secrets = completed(parsed.data);
  if (Object.keys(secrets).length > Object.keys(parsed.data).length) write(path, secrets);
  return secrets;
}

/** Where a data folder keeps them. */
export const secretsFile = (dataDirectory: string): string => join(dataDirectory, "secrets.json");

/** Reads the keys that seal secrets. Throws an `Error` that says what is wrong with the file. */
export function readSecretsKeys(dataDirectory: string): Secrets["secretsKeys"] {
  const path = secretsFile(dataDirectory);
  const parsed = keysFileSchema.safeParse(parseJson(readFileSync(path, "utf8")));
  if (parsed.success && Object.keys(parsed.data.secretsKeys).length > 0) return parsed.data.secretsKeys;
  throw new Error(`${path} is not { "authSecret": "…", "secretsKeys": { "<version>": "<32 bytes in base 64>" } }`);
}

/** Keys as the Worker of the Durable Objects takes them. */
export const formatKeys = (keys: Secrets["secretsKeys"]): string =>
  Object.entries(keys)
    .map(([version, key]) => `${version}:${key}`)
    .join(",");

/** Draws what is missing. */
const completed = (written: z.infer<typeof writtenSchema>): Secrets => ({
  authSecret: written.authSecret,
  secretsKeys: written.secretsKeys ?? { 1: randomBytes(SECRET_BYTES).toString("base64") },
  machineKey: written.machineKey ?? randomToken(),
  platformId: written.platformId ?? randomBytes(PLATFORM_ID_BYTES).toString("hex"),
});

/** A write that is cut off must not leave half a file. */
function write(path: string, secrets: Secrets): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(secrets)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** A token that nobody can guess, safe in URLs. */
export function randomToken(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
