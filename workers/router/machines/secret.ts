import { HOST_CACHE_ENTRIES_MAX } from "../../../contracts/limits.ts";
import { machineSecret, type ProjectedMachine } from "../../../contracts/machines.ts";
import type { RouterEnv } from "../env.ts";

const secrets = new Map<string, string>();

/** The secret by which a machine knows that a request came through the platform; worked out once and kept. */
export function proxySecret(
  { id, secretsVersion }: ProjectedMachine,
  env: Pick<RouterEnv, "MACHINE_KEY">,
): string | Promise<string> {
  const key = `${id} ${secretsVersion}`;
  return secrets.get(key) ?? workOut(key, id, secretsVersion, env);
}

async function workOut(
  key: string,
  id: string,
  version: number,
  { MACHINE_KEY }: Pick<RouterEnv, "MACHINE_KEY">,
): Promise<string> {
  const secret = await machineSecret(MACHINE_KEY, "proxy", id, version);
  if (secrets.size >= HOST_CACHE_ENTRIES_MAX) secrets.clear();
  secrets.set(key, secret);
  return secret;
}
