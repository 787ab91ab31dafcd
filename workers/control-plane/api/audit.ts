import { AUDIT_FAULTS } from "../../../contracts/api/audit.ts";
import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PAGE_SIZE_DEFAULT } from "../../../contracts/limits.ts";
import type { Mark } from "../audit/chain.ts";
import { exportAudit } from "../audit/export.ts";
import { type AuditFilter, auditRows, type AuditRow, keyOfPlace, placeOfKey } from "../audit/rows.ts";
import { type Verification, verifyAll, verifyChain } from "../audit/verify.ts";
import { Mounts } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { keyOfCursor, pageOfRows } from "./page.ts";

/** Who did what: on the platform and in all orgs for those who run it, in an org for those who manage it. */
export const auditLog = new Mounts()
  .add(ENDPOINTS.listAudit, ({ scope, query }) => list(scope, query, query))
  .addText(ENDPOINTS.exportAudit, ({ scope, query: { format, ...filter } }) =>
    exportAudit(scope, filter, format, "audit"),
  )
  .add(ENDPOINTS.verifyAudit, async ({ scope, query }) => {
    const { chain, cursor } = query;
    if (chain === undefined) return toAnswer(await verifyAll(scope, cursor));
    return toAnswer(await verifyChain(scope, chain, cursor, markOf(query)));
  })
  .add(ENDPOINTS.listOrgAudit, ({ scope, access, query }) => list(scope, { ...query, chain: access.org.id }, query))
  .addText(ENDPOINTS.exportOrgAudit, ({ scope, access: { org }, query: { format, ...filter } }) =>
    exportAudit(scope, { ...filter, chain: org.id }, format, `audit-${org.slug}`),
  )
  .add(ENDPOINTS.verifyOrgAudit, async ({ scope, access, query }) =>
    toAnswer(await verifyChain(scope, access.org.id, query.cursor, markOf(query))),
  );

interface PageQuery {
  cursor?: string | undefined;
  limit?: number | undefined;
}

async function list(scope: Scope, filter: AuditFilter, page: PageQuery) {
  const limit = page.limit ?? PAGE_SIZE_DEFAULT;
  const found = await auditRows(scope.database, filter, "newest", placeOfKey(keyOfCursor(page.cursor)), limit + 1);
  const { rows, cursor } = pageOfRows(found, limit, keyOfPlace);
  return { items: rows.map(toEntry), cursor };
}

function toEntry(row: AuditRow) {
  const { at, actorType: type, actorId: id, actorName: name } = row;
  return { ...row, at: at.getTime(), actor: { type, id, name } };
}

const markOf = ({ seq, hash }: { seq?: number | undefined; hash?: string | undefined }): Mark | null =>
  seq === undefined || hash === undefined ? null : { seq, hash };

function toAnswer({ entries, verified, broken, cursor }: Verification) {
  const head =
    verified === null || verified.seq === 0 ? null : { chain: verified.chain, seq: verified.seq, hash: verified.hash };
  return {
    ok: broken === null,
    entries,
    head,
    broken: broken === null ? null : { ...broken, message: AUDIT_FAULTS[broken.reason] },
    cursor,
  };
}
