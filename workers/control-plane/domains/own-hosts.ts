import { PlatformError } from "../../../contracts/errors.ts";
import type { DomainPattern } from "../../../contracts/domains.ts";
import type { ControlPlaneEnv } from "../env.ts";

type Urls = Pick<ControlPlaneEnv, "PUBLIC_URL" | "TENANT_URL">;

/** The domain under which orgs have their slugs. */
const tenantDomain = ({ TENANT_URL }: Pick<Urls, "TENANT_URL">): string =>
  new URL(TENANT_URL.replace("{slug}", "slug")).hostname.replace(/^slug\./, "");

/** Refuses what is the platform's: its own host, the tenants' domain, and whatever lies under or over these. */
export function requireForeign(env: Urls, { hostname }: DomainPattern): void {
  const own = [new URL(env.PUBLIC_URL).hostname, tenantDomain(env)];
  const name = hostname.replace(/^\*\./, "");
  const isOwn = own.some((host) => name === host || name.endsWith(`.${host}`));
  const covers = hostname !== name && own.some((host) => host.endsWith(`.${name}`));
  if (!isOwn && !covers) return;
  const reason = "belongs to the platform, or has it under it";
  throw new PlatformError("invalid", `${hostname} ${reason}. Claim a domain of your own.`, {
    issues: [{ field: "domain", reason }],
  });
}

/** Where an own domain is to lead: what the platform says, or the org's own host. */
export function targetOf(env: Urls & Pick<ControlPlaneEnv, "DOMAINS_TARGET">, slug: string): string {
  return env.DOMAINS_TARGET ?? `${slug}.${tenantDomain(env)}`;
}
