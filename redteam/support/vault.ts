import { z } from "zod";

import type { Stage, Tenant } from "./stage.ts";

/** What an org's own script answers: who it is, its secret, and whether its world is still as it was made. */
const vaultSchema = z.object({
  org: z.string(),
  secret: z.string(),
  path: z.string(),
  /** Built-ins that are not the engine's own, and members of `Object.prototype` that were not there. */
  polluted: z.array(z.string()),
  /** Members of the global object that the script did not make. */
  strangers: z.array(z.string()),
  headers: z.record(z.string(), z.string()),
});
export type Vault = z.infer<typeof vaultSchema>;

/** Source of the script that every org on the stage has. */
export const vaultSource = (org: string, secret: string): string => `
const BUILT_IN = [];
for (let at = globalThis; at !== null; at = Object.getPrototypeOf(at)) BUILT_IN.push(...Object.getOwnPropertyNames(at));
const CHECKED = {
  stringify: JSON.stringify, parse: JSON.parse, then: Promise.prototype.then, iterator: Array.prototype[Symbol.iterator],
  push: Array.prototype.push, text: Response.prototype.text, get: Headers.prototype.get, json: Response.json,
  keys: Object.keys, now: Date.now, toString: Object.prototype.toString,
};
export default {
  fetch(request) {
    console.log("vault of ${org}");
    const polluted = Object.entries(CHECKED)
      .filter(([, value]) => !Function.prototype.toString.call(value).includes("[native code]"))
      .map(([name]) => name);
    for (const name in {}) polluted.push("Object.prototype." + name);
    const strangers = Object.getOwnPropertyNames(globalThis).filter((name) => !BUILT_IN.includes(name));
    const url = new URL(request.url);
    return Response.json({
      org: ${JSON.stringify(org)}, secret: ${JSON.stringify(secret)}, path: url.pathname, polluted, strangers,
      headers: Object.fromEntries(request.headers),
    });
  },
};
`;

/** Reads a vault's answer; null when it is not one. */
export function readVault(text: string): Vault | null {
  try {
    const parsed = vaultSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Asks an org for its vault, on a connection of its own. */
async function askVault(stage: Stage, tenant: Tenant, path = "/"): Promise<Vault | null> {
  const answer = await stage.platform.fetch(tenant.host, path);
  return answer.status === 200 ? readVault(answer.text) : null;
}

/** What is wrong with an org's vault; null when it is as its owner left it. */
export function harmOf(vault: Vault | null, tenant: Pick<Tenant, "slug" | "secret">): string | null {
  if (vault === null) return `${tenant.slug} does not answer`;
  if (vault.org !== tenant.slug || vault.secret !== tenant.secret) return `${tenant.slug} answers as ${vault.org}`;
  if (vault.polluted.length > 0) return `${tenant.slug} has foreign built-ins: ${vault.polluted.join(", ")}`;
  if (vault.strangers.length > 0) return `${tenant.slug} has foreign globals: ${vault.strangers.join(", ")}`;
  return null;
}

/** What is wrong with the two orgs that are not attacking; null when nothing is. */
export async function neighboursHarm(stage: Stage): Promise<string | null> {
  for (const tenant of [stage.victim, stage.bystander]) {
    const harm = harmOf(await askVault(stage, tenant), tenant);
    if (harm !== null) return harm;
  }
  return null;
}
