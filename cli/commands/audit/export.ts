import { buffer } from "node:stream/consumers";

import { defineCommand } from "../../framework/command.ts";
import { UsageError } from "../../framework/usage.ts";
import { AUDIT_OPTIONS, auditFilter } from "../../session/audit-options.ts";
import { openSession } from "../../session/session.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "audit export";

export const exportAudit = defineCommand({
  name: NAME,
  summary: "Write the audit log to standard output, oldest first",
  details: "Lines of JSON hold what it takes to verify them elsewhere; CSV is for tables.",
  options: { ...AUDIT_OPTIONS, format: { type: "string", value: "format", about: "ndjson or csv (default ndjson)" } },
  examples: ["audit export --org hello > audit.ndjson", "audit export --platform --format csv --from 30d > audit.csv"],
  async run({ options, host }) {
    const format = options.format ?? "ndjson";
    if (format !== "ndjson" && format !== "csv") {
      throw new UsageError(`--format must be ndjson or csv, not "${format}".`, NAME);
    }
    const query = { ...auditFilter(options, NAME), format } as const;
    const { org } = options;
    let stream: ReadableStream<Uint8Array>;
    if (options.platform) {
      const { client } = await openSession(host);
      stream = await client.exportAudit({ query: org === undefined ? query : { ...query, org } });
    } else {
      const { client, slug } = await openWorkplace(host, org);
      stream = await client.exportOrgAudit({ params: { slug }, query });
    }
    const bytes = await buffer(stream);
    const lines = format === "csv" ? null : bytes.toString().trimEnd().split("\n").filter(Boolean);
    return {
      json: lines === null ? { csv: bytes.toString() } : lines.map((line) => JSON.parse(line) as unknown),
      text: new Uint8Array(bytes),
    };
  },
});
