import type { z } from "zod";

import type { orgSchema } from "../../contracts/api/orgs.ts";
import type { Host } from "../framework/host.ts";
import { UsageError } from "../framework/usage.ts";
import type { Session } from "./session.ts";

/** An org as the API shows it. */
export type Org = z.output<typeof orgSchema>;

/** The option of every command that works inside an org. */
export const ORG_OPTION = {
  type: "string",
  value: "slug",
  about: "org to work in (default ISOLA_ORG, or your only org)",
} as const;

/**
 * The slug of the org that is meant: `--org`, ISOLA_ORG, the only one there is, or the one that a
 * person at the terminal names where a command `asks`.
 * @throws UsageError that lists the orgs when there are several.
 */
export async function orgSlug(
  option: string | undefined,
  host: Host,
  { client }: Session,
  asks = false,
): Promise<string> {
  const given = option ?? host.env.ISOLA_ORG;
  if (given) return given;
  const { items, cursor } = await client.listOrgs({ query: { limit: 10 } });
  const [only, ...others] = items;
  if (only === undefined) throw new UsageError("There is no org yet. Make one: `isola orgs create <slug>`.");
  if (others.length === 0 && cursor === null) return only.slug;
  const slugs = items.map((org) => org.slug).join(", ") + (cursor === null ? "" : ", …");
  if (asks && host.ask !== null) {
    const answer = (await host.ask(`Which org (${slugs})? `)).trim();
    if (answer !== "") return answer;
  }
  throw new UsageError(`Which org? Say --org <slug> or set ISOLA_ORG: ${slugs}.`);
}
