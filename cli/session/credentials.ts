import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { PlatformError } from "../../contracts/errors.ts";
import type { Host } from "../framework/host.ts";

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

const credentialsSchema = z.object({
  /** Origin of the control plane. */
  url: z.string(),
  /** API key. */
  token: z.string(),
  keyId: z.string(),
});
/** A saved sign-in. */
export type Credentials = z.infer<typeof credentialsSchema>;

/** Where the sign-in is kept: ISOLA_CONFIG, or `isola` in the person's configuration folder. */
function credentialsPath(host: Pick<Host, "env" | "home">): string {
  const { ISOLA_CONFIG: own, XDG_CONFIG_HOME: shared } = host.env;
  const folder = own ? own : join(shared ? shared : join(host.home, ".config"), "isola");
  return join(folder, "credentials.json");
}

/** Reads the saved sign-in; null when there is none. A file that is not ours is an error, never overwritten in silence. */
export async function findCredentials(host: Pick<Host, "env" | "home">): Promise<Credentials | null> {
  const path = credentialsPath(host);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new PlatformError("internal", `${path} cannot be read: ${(error as Error).message}.`);
  }
  const parsed = credentialsSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new PlatformError("internal", `${path} is damaged. Delete it and run \`isola login\` again.`);
}

/** Saves the sign-in so that only this user can read it, whole or not at all. */
export async function saveCredentials(
  host: Pick<Host, "env" | "home">,
  { url, token, keyId }: Credentials,
): Promise<string> {
  const path = credentialsPath(host);
  const draft = `${path}.${randomUUID()}`;
  await mkdir(join(path, ".."), { recursive: true, mode: FOLDER_MODE });
  try {
    await writeFile(draft, `${JSON.stringify({ url, token, keyId }, null, 2)}\n`, { mode: FILE_MODE, flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return path;
}

/** Forgets the saved sign-in. */
export async function removeCredentials(host: Pick<Host, "env" | "home">): Promise<void> {
  await rm(credentialsPath(host), { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
