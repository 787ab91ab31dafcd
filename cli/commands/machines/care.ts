import { defineCommand } from "../../framework/command.ts";
import { formatTime, oneLine, table } from "../../framework/text.ts";
import { openSession } from "../../session/session.ts";

const APPLY_OPTION = { type: "boolean", about: "do it; without this it is only told what would be done" } as const;
const DRY_NOTE = "Nothing was changed. Say --apply to do it.";

export const sweepMachines = defineCommand({
  name: "machines sweep",
  summary: "Find what lies at providers without an owner, and remove it; for admins of the platform",
  details:
    "Only what carries this installation's tag and has had no owner for half an hour is removed, and nothing at all\n" +
    "where the provider's list failed or came back empty. The clock does the same every hour.",
  options: { apply: APPLY_OPTION },
  examples: ["machines sweep", "machines sweep --apply"],
  async run({ options, host }) {
    const { client } = await openSession(host);
    const report = await client.sweepOrphans({ body: { dryRun: !options.apply } });
    const rows = report.drivers.flatMap(({ driver, orphans }) =>
      orphans.map(({ resource, firstSeenAt, outcome, error }) => [
        driver,
        resource,
        formatTime(firstSeenAt),
        outcome,
        error ?? "",
      ]),
    );
    const skipped = report.drivers.flatMap(({ driver, skipped: why }) =>
      why === null ? [] : [`${driver}: ${oneLine(why)}`],
    );
    return {
      json: report,
      text: table(["driver", "resource", "first seen", "outcome", ""], rows, "Nothing is without an owner."),
      notes: [...skipped, ...(report.dryRun ? [DRY_NOTE] : [])],
    };
  },
});

export const reconcileMachines = defineCommand({
  name: "machines reconcile",
  summary: "Compare what is known of every machine with its provider, and mend it; for admins of the platform",
  options: { apply: APPLY_OPTION },
  examples: ["machines reconcile", "machines reconcile --apply"],
  async run({ options, host }) {
    const { client } = await openSession(host);
    const report = await client.reconcileMachines({ body: { dryRun: !options.apply } });
    const rows = report.changes.map(({ slug, machineId, from, to, reason }) => [slug, machineId, from, to, reason]);
    const failures = report.failures.map(({ slug, error }) => `${slug}: ${oneLine(error)}`);
    return {
      json: report,
      text: table(["org", "machine", "was", "is", "why"], rows, `${report.looked} machines are as they are known.`),
      notes: [...failures, ...(report.dryRun ? [DRY_NOTE] : [])],
      failed: failures.length > 0,
    };
  },
});
