import { parseEgressEntry } from "../../../contracts/egress/list.ts";
import { CONCURRENCY_PER_ORG_CEILING } from "../../../contracts/limits.ts";
import { defineCommand } from "../../framework/command.ts";
import { clean, columns } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { ownQuotasOf, quotasText } from "../../session/quota-options.ts";
import { settingRows } from "../../session/org-text.ts";
import { openSession } from "../../session/session.ts";

const NAME = "orgs set";
/** Given instead of a host, it empties a list. */
const NOTHING = "none";

export const setOrg = defineCommand({
  name: NAME,
  summary: "Change an org's name, what its scripts may reach, or its plan",
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
    plan: { type: "string", value: "plan", about: "its plan; for admins of the platform" },
    quota: {
      type: "string",
      value: "name=number",
      multiple: true,
      about: "what holds instead of its plan's, all of it; for admins of the platform",
    },
    "no-quotas": { type: "boolean", about: "nothing but its plan's quotas holds any more" },
  },
  examples: [
    "orgs set shop --egress-allow api.stripe.com --egress-allow '*.example.com'",
    "orgs set shop --egress-allow none --egress-deny '*'",
    "orgs set shop --plan team --quota scripts=100 --quota members=none",
  ],
  async run({ args, options, host }) {
    const { name, concurrency: concurrencyMax } = options;
    const allow = readList(options["egress-allow"], "allow");
    const deny = readList(options["egress-deny"], "deny");
    const egress = { ...(allow === undefined ? {} : { allow }), ...(deny === undefined ? {} : { deny }) };
    const given = ownQuotasOf(options.quota, NAME);
    if (options["no-quotas"] && options.quota.length > 0) {
      throw new UsageError("--quota or --no-quotas, not both.", NAME);
    }
    const quotas = options["no-quotas"] || options.quota.length > 0 ? given : undefined;
    const body = {
      ...(name === undefined ? {} : { name }),
      ...(concurrencyMax === undefined ? {} : { concurrencyMax }),
      ...(Object.keys(egress).length === 0 ? {} : { egress }),
      ...(options.plan === undefined ? {} : { plan: options.plan }),
      ...(quotas === undefined ? {} : { quotas }),
    };
    if (Object.keys(body).length === 0) {
      throw new UsageError(
        "Nothing to change: say --name, --egress-allow, --egress-deny, --concurrency, --plan or --quota.",
        NAME,
      );
    }
    const { client } = await openSession(host);
    const org = await client.patchOrg({ params: { slug: args.slug }, body });
    const plan = [
      ["plan", org.plan],
      ["quotas", quotasText(org.quotas)],
    ];
    const rows = [["name", org.name], ...plan, ...(org.settings === null ? [] : settingRows(org.settings))];
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
