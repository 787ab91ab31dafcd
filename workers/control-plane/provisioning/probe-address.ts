import type { EgressCategory } from "../../../contracts/egress/category.ts";
import type { PlatformHosts } from "../../../contracts/egress/host.ts";
import { judgeUrl } from "../../../contracts/egress/judge.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { ControlPlaneEnv } from "../env.ts";

/** Where a machine answers, and by which network it is reached. */
export interface MachineAddress {
  /** Scheme, host and port alone. */
  origin: string;
  network: "host" | "public";
}

/** What keeps an address from being a public one, and nothing worse. */
const AT_HOME: ReadonlySet<EgressCategory> = new Set<EgressCategory>(["loopback", "private"]);

const WHY: Partial<Record<EgressCategory, string>> = {
  scheme: "must be an http or https URL",
  userinfo: "must have no user name and no password in it",
  port: "must have a port that serves HTTP",
  platform: "must not be the platform's own host, or its requests would go round in circles",
};

/** The platform's own hosts, to which no machine's address may lead. */
function platformHosts(env: Pick<ControlPlaneEnv, "PUBLIC_URL" | "TENANT_URL">): PlatformHosts {
  const { hostname } = new URL(env.TENANT_URL.replace("{slug}", "slug"));
  return { domain: hostname.slice("slug.".length), appHost: new URL(env.PUBLIC_URL).hostname };
}

/** Why an address is not a public one that may be called; null when it is. */
export function problemOfAddress(
  env: Pick<ControlPlaneEnv, "PUBLIC_URL" | "TENANT_URL">,
  url: string,
): EgressCategory | null {
  return judgeUrl(url, { ...platformHosts(env), lists: { allow: [], deny: [] } }).category;
}

/**
 * Where a machine of somebody's own says that it answers. It must be public, unless the platform's configuration lets
 * machines live at home (`ALLOW_PRIVATE_MACHINES`). Throws `invalid` with the reason.
 */
export function addressOfMachine(
  env: Pick<ControlPlaneEnv, "PUBLIC_URL" | "TENANT_URL" | "ALLOW_PRIVATE_MACHINES">,
  url: string,
): MachineAddress {
  const category = problemOfAddress(env, url);
  if (category === "malformed") throw invalid("must be an http or https URL with a host in it");
  const { origin, pathname, search, hash } = new URL(url);
  if (pathname !== "/" || search !== "" || hash !== "") {
    throw invalid("must have no path: every request keeps its own");
  }
  if (category === null) return { origin, network: "public" };
  if (AT_HOME.has(category) && env.ALLOW_PRIVATE_MACHINES === "1") return { origin, network: "host" };
  throw invalid(WHY[category] ?? "must be an address that is reached from the internet");
}

function invalid(reason: string): PlatformError {
  return new PlatformError("invalid", `The machine cannot be registered: its url ${reason}.`, {
    issues: [{ field: "url", reason }],
  });
}
