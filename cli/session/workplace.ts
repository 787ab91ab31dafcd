import type { Client } from "../../contracts/client.ts";
import type { Host } from "../framework/host.ts";
import { orgSlug } from "./org.ts";
import { openSession } from "./session.ts";

/** A session and the org to work in. */
export interface Workplace {
  url: string;
  client: Client;
  slug: string;
}

/** Opens the session and settles the org, for every command that works inside one; some ask the person which. */
export async function openWorkplace(host: Host, org: string | undefined, asks = false): Promise<Workplace> {
  const session = await openSession(host);
  return { ...session, slug: await orgSlug(org, host, session, asks) };
}

/** The option of every write of data that may depend on what is there. */
export const IF_VERSION_OPTION = {
  type: "integer",
  value: "n",
  min: 0,
  max: 999_999_999,
  about: "only if this is its version; 0 means that it must not be there",
} as const;
