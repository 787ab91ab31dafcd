import { domainsOver, type HostRecord } from "../../../contracts/domains.ts";
import type { DirectoryDoor } from "../../../contracts/doors.ts";
import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import {
  DOMAIN_WILDCARDS_LOOKED_UP,
  PROJECTION_FRESH_MS,
  PROJECTION_REFRESH_MS,
  STATE_CALL_MS,
} from "../../../contracts/limits.ts";
import { hostKey } from "../../../contracts/projection.ts";
import { released, withDeadline } from "../deadline.ts";
import { DomainCache } from "./domain-cache.ts";

/** A host of an org's own, and what its wildcard's name stands for here. */
export interface OwnDomain {
  hostname: string;
  orgId: string;
  /** Slug of the org when the record was written. */
  slug: string;
  /** Empty where no label has a name. */
  params: Record<string, string>;
}

/** Where claims come from: KV first, then the directory. */
export interface DomainAuthority {
  PROJECTIONS: Pick<KVNamespace, "get">;
  DIRECTORY: Pick<DirectoryDoor, "findDomain">;
}

/** Those of this isolate. */
export const domains = new DomainCache();

/**
 * Whose domain a host is, from memory while that is fresh, else from the authority; null for nobody's. As with slugs, one
 * request asks while the others take what was known, and what was known holds while nobody can say more.
 *
 * @param refuseStranger called for a host that is nobody's, and before the directory is asked for one that nothing is
 *   known of and nothing was published over; what it throws is the answer
 * @throws PlatformError `unavailable` when the authority is down and nothing is known.
 */
export async function findOwnDomain(
  hostname: string,
  authority: DomainAuthority,
  now: number,
  refuseStranger: () => void,
): Promise<OwnDomain | null> {
  const known = domains.find(hostname);
  if (known !== undefined && (now < known.freshUntil || (known.record !== null && now < known.refreshingUntil))) {
    if (known.record !== null) return ownDomain(hostname, known.record);
    refuseStranger();
    return null;
  }
  const isStranger = known === undefined || known.record === null;
  const patience = isStranger ? STATE_CALL_MS : PROJECTION_REFRESH_MS;
  if (known !== undefined) known.refreshingUntil = now + patience;
  try {
    const look = readRecord(hostname, authority, isStranger ? refuseStranger : undefined);
    const record = await withDeadline(look, patience, "Looking up the host");
    domains.learn(hostname, record, Date.now());
    return record === null ? null : ownDomain(hostname, record);
  } catch (error) {
    if (known !== undefined) known.refreshingUntil = 0;
    if (platformErrorOf(error)?.code === "too_many_requests") throw error;
    if (known === undefined || known.record === null) {
      throw new PlatformError("unavailable", "The directory cannot be reached right now. Try again in a second.", {
        reason: error instanceof Error ? error.message : "unknown",
      });
    }
    known.freshUntil = Date.now() + PROJECTION_FRESH_MS;
    return ownDomain(hostname, known.record);
  }
}

async function readRecord(
  hostname: string,
  authority: DomainAuthority,
  refuseStranger?: () => void,
): Promise<HostRecord | null> {
  const published = await publishedRecord(hostname, authority);
  if (published !== null) return published;
  refuseStranger?.();
  const record = released(await authority.DIRECTORY.findDomain(hostname));
  return record !== null && covers(record, hostname) ? record : null;
}

/** The most specific that is published over a host. */
async function publishedRecord(hostname: string, { PROJECTIONS }: DomainAuthority): Promise<HostRecord | null> {
  const claims = domainsOver(hostname).slice(0, 1 + DOMAIN_WILDCARDS_LOOKED_UP);
  try {
    const texts = await Promise.all(claims.map((claim) => PROJECTIONS.get(hostKey(claim), "text")));
    for (const text of texts) {
      const record = text === null ? null : (JSON.parse(text) as HostRecord);
      if (record !== null && covers(record, hostname)) return record;
    }
  } catch {
    // A failing KV is no reason to turn a tenant away while the directory answers.
  }
  return null;
}

/** Whether a claim is over a host: a wildcard whose label has a name stands for one label, any other for one or more. */
function covers({ hostname: claim, label }: HostRecord, hostname: string): boolean {
  if (!claim.startsWith("*.")) return claim === hostname;
  const front = hostname.length - claim.length + 1;
  if (front < 1 || !hostname.endsWith(claim.slice(1))) return false;
  return label === null || hostname.indexOf(".") === front;
}

function ownDomain(hostname: string, { orgId, slug, label }: HostRecord): OwnDomain {
  const params = label === null ? {} : { [label]: hostname.slice(0, hostname.indexOf(".")) };
  return { hostname, orgId, slug, params };
}

/** Whether a host can be somebody's own: a name under a top-level domain, and none of the platform's, nor under them. */
export function mayBeOwn(hostname: string, { DOMAIN, APP_HOST }: { DOMAIN: string; APP_HOST: string }): boolean {
  if (isUnder(hostname, DOMAIN) || isUnder(hostname, APP_HOST)) return false;
  const lastDot = hostname.lastIndexOf(".");
  return lastDot > 0 && !/^[0-9]+$/.test(hostname.slice(lastDot + 1));
}

/** Whether a host is this name, or below it. */
export const isUnder = (hostname: string, name: string): boolean => hostname === name || hostname.endsWith(`.${name}`);
