import { AUDIT_FORMATS } from "../../../contracts/api/audit.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { AUDIT_EXPORT_PAGE, AUDIT_EXPORTED_MAX } from "../../../contracts/limits.ts";
import type { TextFile } from "../mount.ts";
import { Scope } from "../scope.ts";
import { csvHeader, csvLine, ndjsonLine } from "./formats.ts";
import { type AuditFilter, auditRows, type AuditRow, countAuditRows } from "./rows.ts";

export type AuditFormat = keyof typeof AUDIT_FORMATS;

const LINES = { ndjson: ndjsonLine, csv: csvLine };
const encoder = new TextEncoder();

/**
 * The entries that are there now as a file, oldest first; what is written meanwhile is not in it. It is made page by page
 * as it is read, each on a connection of its own, so that a slow reader holds none. Throws `invalid` where there are more
 * than one file takes.
 */
export async function exportAudit(
  scope: Scope,
  filter: AuditFilter,
  format: AuditFormat,
  name: string,
): Promise<TextFile> {
  const now = Date.now() + 1;
  const until = { ...filter, to: Math.min(filter.to ?? now, now) };
  if ((await countAuditRows(scope.database, until, AUDIT_EXPORTED_MAX)) > AUDIT_EXPORTED_MAX) throw tooMany();
  const first = await pageAfter(scope, until, null);
  const { env } = scope;
  let rows: AuditRow[] = first;
  let text = format === "csv" ? csvHeader : "";
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      text += rows.map(LINES[format]).join("");
      if (text !== "") controller.enqueue(encoder.encode(text));
      text = "";
      const last = rows.at(-1);
      if (last === undefined || rows.length < AUDIT_EXPORT_PAGE) controller.close();
      else rows = await nextPage(new Scope(env), until, last);
    },
  });
  return { type: AUDIT_FORMATS[format], name: `${name}.${format}`, body };
}

async function nextPage(scope: Scope, filter: AuditFilter, last: AuditRow): Promise<AuditRow[]> {
  try {
    return await pageAfter(scope, filter, last);
  } finally {
    await scope.close();
  }
}

const pageAfter = (scope: Scope, filter: AuditFilter, last: AuditRow | null): Promise<AuditRow[]> =>
  auditRows(scope.database, filter, "oldest", last, AUDIT_EXPORT_PAGE);

const tooMany = (): PlatformError =>
  new PlatformError(
    "invalid",
    `There are more than ${AUDIT_EXPORTED_MAX} such entries. Export them in parts: from, to.`,
    {
      issues: [{ field: "from", reason: `must leave at most ${AUDIT_EXPORTED_MAX} entries` }],
      limit: AUDIT_EXPORTED_MAX,
    },
  );
