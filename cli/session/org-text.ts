import type { z } from "zod";

import type { orgSettingsSchema } from "../../contracts/api/orgs.ts";

type OrgSettings = z.output<typeof orgSettingsSchema>;

/** An org's settings as rows of a name and what it is. */
export function settingRows({ egress, concurrencyMax, ceilings }: OrgSettings): [name: string, value: string][] {
  const limits = Object.entries(ceilings).map(([name, value]) => `${name}=${value}`);
  return [
    ["egress allow", egress.allow.join(" ") || "every public host"],
    ["egress deny", egress.deny.join(" ") || "-"],
    ["concurrency", `${concurrencyMax} runs at once on one edge`],
    ["ceilings", limits.join(" ") || "-"],
  ];
}
