import { USAGE_STEPS } from "../../contracts/api/usage.ts";
import { exactAmountText } from "../../contracts/money.ts";
import { defineCommand } from "../framework/command.ts";
import type { Host } from "../framework/host.ts";
import { formatBytes, table } from "../framework/text.ts";
import { UsageError } from "../framework/usage.ts";
import { timeOf } from "../session/audit-options.ts";
import { ORG_OPTION } from "../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../session/pages.ts";
import { openSession } from "../session/session.ts";
import { openWorkplace } from "../session/workplace.ts";

const NAME = "usage";
const COUNTS = ["requests", "runs", "failed", "refused", "cpu ms", "stored"];

interface Used {
  requests: number;
  executions: number;
  failures: number;
  refused: number;
  cpuMs: number;
  storageBytes: number | null;
  cost: { currency: string; micros: number } | null;
}

export const usage = defineCommand({
  name: NAME,
  summary: "Show what an org used: requests, runs, processor time, data; and what that costs",
  options: {
    org: ORG_OPTION,
    platform: { type: "boolean", about: "what each org used, up to the last full hour; for admins of the platform" },
    by: { type: "string", value: "step", about: `${USAGE_STEPS.join(", ")} (default day)` },
    from: { type: "string", value: "time", about: "from this time on: 2026-11-21, or 7d for so long ago" },
    to: { type: "string", value: "time", about: "until this time, in the same ways" },
    ...PAGE_OPTIONS,
  },
  examples: ["usage --org hello", "usage --org hello --by hour --from 24h", "usage --platform --from 2026-11-01"],
  async run({ options, host }) {
    const by = USAGE_STEPS.find((step) => step === (options.by ?? "day"));
    if (by === undefined) throw new UsageError(`--by must be ${USAGE_STEPS.join(", ")}, not "${options.by}".`, NAME);
    const { from, to } = options;
    const period = {
      ...(from === undefined ? {} : { from: String(timeOf(from, "from", NAME)) }),
      ...(to === undefined ? {} : { to: String(timeOf(to, "to", NAME)) }),
    };
    if (options.platform) return ofPlatform(host, options, period);
    const { client, slug } = await openWorkplace(host, options.org);
    const answer = await client.getUsage({ params: { slug }, query: { ...period, by } });
    const hasCost = answer.total.cost !== null;
    const rows = answer.items.map((item) => [momentOf(item.at, by), ...cells(item, hasCost)]);
    const heading = ["at (UTC)", ...headingOf(hasCost)];
    const text = table(heading, [...rows, ["total", ...cells(answer.total, hasCost)]], "");
    return { json: answer, text: rows.length === 0 ? `${slug} used nothing in that time.` : text };
  },
});

async function ofPlatform(
  host: Host,
  options: Parameters<typeof readPages>[0],
  period: { from?: string; to?: string },
) {
  const { client } = await openSession(host);
  const page = await readPages(options, (query) => client.listUsage({ query: { ...query, ...period } }));
  const hasCost = page.items.some(({ cost }) => cost !== null);
  const rows = page.items.map(({ org, ...used }) => [org.slug ?? `(${org.id})`, ...cells(used, hasCost)]);
  const text = table(["org", ...headingOf(hasCost)], rows, "Nothing was used in that time.");
  return { json: page, text, notes: moreNote(page.cursor) };
}

const headingOf = (hasCost: boolean): string[] => [...COUNTS, ...(hasCost ? ["cost"] : [])];

function cells(
  { requests, executions, failures, refused, cpuMs, storageBytes, cost }: Used,
  hasCost: boolean,
): string[] {
  return [
    ...[requests, executions, failures, refused, Math.round(cpuMs)].map(String),
    storageBytes === null ? "-" : formatBytes(storageBytes),
    ...(hasCost ? [cost === null ? "-" : exactAmountText(cost.micros, cost.currency)] : []),
  ];
}

/** The beginning of an hour, a day or a month, in the zone in which usage is counted. */
function momentOf(at: number, by: (typeof USAGE_STEPS)[number]): string {
  const text = new Date(at).toISOString();
  if (by === "hour") return text.slice(0, 16).replace("T", " ");
  return by === "day" ? text.slice(0, 10) : text.slice(0, 7);
}
