import * as z from "zod";

import { SECRET_FRESH_MS } from "../../../contracts/limits.ts";
import { secretNameSchema } from "../../../contracts/secrets.ts";
import type { Area } from "./area.ts";
import { rememberSecret } from "./redaction.ts";
import { parseCall, stateOf } from "./state.ts";

const callSchema = z.strictObject({ name: secretNameSchema });

/** Values kept at once; the oldest go first. */
const KEPT_MAX = 1_000;
const kept = new Map<string, { value: string | null; until: number }>();

/** Secrets by name: the script's own before the org's. A value goes on for {@link SECRET_FRESH_MS} on each edge. */
export const secrets: Area = async (call, { holder: { orgId, scriptId }, env }): Promise<string | null> => {
  const { name } = parseCall(callSchema, call, "secrets");
  const key = `${orgId}/${scriptId}/${name}`;
  const known = kept.get(key);
  // Anew at every read, since what is remembered for the log has its own bound.
  if (known !== undefined && Date.now() < known.until) return told(orgId, known.value);
  const [value = null] = await stateOf(env).readSecrets(orgId, scriptId, [name]);
  kept.delete(key);
  kept.set(key, { value, until: Date.now() + SECRET_FRESH_MS });
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT_MAX) break;
    kept.delete(oldest);
  }
  return told(orgId, value);
};

function told(orgId: string, value: string | null): string | null {
  if (value !== null) rememberSecret(orgId, value);
  return value;
}
