import { challengeName } from "../../../contracts/domains.ts";
import type { ControlPlaneEnv } from "../env.ts";
import { lookUpTxt } from "./dns.ts";

const TOKEN_LENGTH = 40;

/** A record that somebody makes in the DNS. */
export interface DnsRecord {
  type: "TXT" | "CNAME";
  name: string;
  value: string;
}

/**
 * The record by which an org proves that a domain is its own. It is the same whenever it is asked for, so that it can be
 * made before the claim, and another for every org, so that nobody's record proves anything for another. A wildcard and the
 * name under it have the same.
 */
export async function proofRecord(
  { AUTH_SECRET }: Pick<ControlPlaneEnv, "AUTH_SECRET">,
  orgId: string,
  hostname: string,
): Promise<DnsRecord> {
  const name = challengeName(hostname);
  const text = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", text.encode(AUTH_SECRET), algorithm, false, ["sign"]);
  const signed = new Uint8Array(await crypto.subtle.sign("HMAC", key, text.encode(`isola domain ${orgId} ${name}`)));
  const token = Array.from(signed, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { type: "TXT", name, value: `isola-domain=${token.slice(0, TOKEN_LENGTH)}` };
}

/** Why a domain is not proved, for people; null when its record is there. Throws `unavailable` when the DNS is not. */
export async function problemOfProof(env: ControlPlaneEnv, record: DnsRecord): Promise<string | null> {
  const found = await lookUpTxt(env, record.name);
  if (found.some((text) => text.trim() === record.value)) return null;
  const others = found.filter((text) => text.startsWith("isola-domain="));
  if (others.length > 0) return `The TXT record ${record.name} holds another value than ${record.value}.`;
  return `There is no TXT record ${record.name} with ${record.value} yet. A new one can take minutes to be seen.`;
}
