import { parseEgressEntry } from "../../../contracts/egress/list.ts";
import { CONCURRENCY_PER_ORG_CEILING } from "../../../contracts/limits.ts";
import { defineCommand } from "../../framework/command.ts";
import { clean, columns } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { settingRows } from "../../session/org-text.ts";
import { openSession } from "../../session/session.ts";

const NAME = "orgs set";
/** Given instead of a host, it empties a list. */
const NOTHING = "none";

export const setOrg = defineCommand({
  name: NAME,
  summary: "Change an org's name, or what its scripts may reach",
  details:
    "What is not named stays as it is; each list that is named replaces the one before, and `none` empties it.\n" +
    "An entry is a host (api.example.com), what is below one (*.example.com), or a public address. With an allow\n" +
    "list scripts reach nothing else; a deny list goes before it, and `--egress-deny '*'` closes everything.",
  args: [{ name: "slug", about: "the org" }],
  options: {
    name: { type: "string", value: "name", about: "its name for people" },
    "egress-allow": { type: "string", value: "host", multiple: true, about: "hosts that its scripts may reach" },
    "egress-deny": { type: "string", value: "host", multiple: true, about: "hosts that they may not reach" },
    concurrency: {
      type: "integer",
      value: "runs",
      min: 1,
      max: CONCURRENCY_PER_ORG_CEILING,
      about: "runs at once on one edge; for admins of the platform",
    },
  },
  examples: [
    "orgs set shop --egress-allow api.stripe.com --egress-allow '*.example.com'",
    "orgs set shop --egress-allow none --egress-deny '*'",
  ],
  async run({ args, options, host }) {
    const { name, concurrency: concurrencyMax } = options;
    const allow = readList(options["egress-allow"], "allow");
    const deny = readList(options["egress-deny"], "deny");
    const egress = { ...(allow === undefined ? {} : { allow }), ...(deny === undefined ? {} : { deny }) };
    const body = {
      ...(name === undefined ? {} : { name }),
      ...(concurrencyMax === undefined ? {} : { concurrencyMax }),
      ...(Object.keys(egress).length === 0 ? {} : { egress }),
    };
    if (Object.keys(body).length === 0) {
      throw new UsageError("Nothing to change: say --name, --egress-allow, --egress-deny or --concurrency.", NAME);
    }
    const { client } = await openSession(host);
    const org = await client.patchOrg({ params: { slug: args.slug }, body });
    const rows = [["name", org.name], ...(org.settings === null ? [] : settingRows(org.settings))];
    return {
      json: org,
      text: [clean(`${org.slug} is changed.`), ...columns(rows.map((row) => row.map(clean)))].join("\n"),
    };
  },
});

/** The entries of a list, given one at a time or with commas between; undefined when the list stays as it is. */
function readList(given: readonly string[], list: "allow" | "deny"): string[] | undefined {
  if (given.length === 0) return undefined;
  const entries = given.flatMap((text) => text.split(",")).map((text) => text.trim());
  if (entries.length === 1 && entries[0] === NOTHING) return [];
  return entries.map((text) => {
    const parsed = parseEgressEntry(text, list);
    if (parsed.ok) return parsed.entry;
    throw new UsageError(`--egress-${list} "${text}" ${parsed.reason}.`, NAME);
  });
}
