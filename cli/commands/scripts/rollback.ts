import type { Client } from "../../../contracts/client.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { VERSIONS_PER_SCRIPT_MAX } from "../../../contracts/limits.ts";
import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const rollBackScript = defineCommand({
  name: "scripts rollback",
  summary: "Make an earlier version live again",
  details: "Without a version it is the one before the live one. It is live when this returns.",
  args: [
    { name: "script", about: "name of the script" },
    { name: "version", about: "number or id, from `isola scripts versions`", optional: true },
  ],
  options: { org: ORG_OPTION },
  examples: ["scripts rollback hello", "scripts rollback hello 2 --org hello"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const params = { slug, name: args.script };
    const version = args.version === undefined ? await versionBefore(client, params) : readVersion(args.version);
    const startedAt = performance.now();
    const script = await client.rollBackScript({ params, body: { version } });
    const durationMs = Math.round(performance.now() - startedAt);
    const { live } = script;
    const message = live.message === "" ? "" : ` "${live.message}"`;
    return {
      json: { ...script, durationMs },
      text: clean(`${script.name} v${live.number}${message} is live again, in ${durationMs} ms.`),
    };
  },
});

const readVersion = (text: string): number | string => (/^[0-9]{1,9}$/.test(text) ? Number(text) : text);

/** Number of the newest version that is older than the live one. */
async function versionBefore(client: Client, params: { slug: string; name: string }): Promise<number> {
  // All that are kept fit one page.
  const { items } = await client.listVersions({ params, query: { limit: VERSIONS_PER_SCRIPT_MAX } });
  const live = items.find((version) => version.live);
  const older = items.filter((version) => live !== undefined && version.number < live.number);
  const before = older.reduce<number | null>((newest, { number }) => Math.max(newest ?? 0, number), null);
  if (before !== null) return before;
  throw new PlatformError("invalid", `${params.name} has no version before v${live?.number ?? 1} that is kept.`);
}
