import { type SQL, sql } from "drizzle-orm";

import { apiKey, domain, invitation, machine, member, provision } from "../database/schema.ts";

/** What of an org's quotas the control plane makes and counts itself. */
export type CountedHere = "members" | "keys" | "machines" | "domains";

/** How many an org has, as part of a query that has its id: of members with those who are invited, of keys that are good. */
export const USED: Record<CountedHere, (orgId: SQL | string) => SQL<number>> = {
  members: (orgId) => sql<number>`(
    (select count(*) from ${member} where ${member.orgId} = ${orgId})
    + (select count(*) from ${invitation} where ${invitation.orgId} = ${orgId}
       and ${invitation.acceptedAt} is null and ${invitation.revokedAt} is null and ${invitation.expiresAt} > now())
  )::int`,
  keys: (orgId) => sql<number>`(
    select count(*) from ${apiKey} where ${apiKey.orgId} = ${orgId} and ${apiKey.revokedAt} is null
    and (${apiKey.expiresAt} is null or ${apiKey.expiresAt} > now())
  )::int`,
  machines: (orgId) => sql<number>`(
    select count(*)::int from (
      select ${machine.id} from ${machine} where ${machine.orgId} = ${orgId}
      union select ${provision.machineId} from ${provision}
      where ${provision.orgId} = ${orgId} and ${provision.state} in ('running', 'compensating')
    ) as machines
  )`,
  domains: (orgId) => sql<number>`(select count(*)::int from ${domain} where ${domain.orgId} = ${orgId})`,
};
