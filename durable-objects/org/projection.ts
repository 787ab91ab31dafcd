import type { ProjectedMachine } from "../../contracts/machines.ts";
import type { ProjectedScript, Projection } from "../../contracts/projection.ts";
import { EDGE_QUOTAS, type EdgeQuotas, type Quotas } from "../../contracts/plans.ts";
import { effectiveLimits, type SomeScriptLimits } from "../../contracts/script-limits.ts";
import type { Database } from "../database.ts";
import { listRoutes } from "./routes.ts";
import { findOpenOrg, storedSettings } from "./settings.ts";

type Row = {
  id: string;
  name: string;
  limits: string;
  kind: "endpoint" | "module";
  version_id: string;
  number: number;
  hash: string;
};

/** What the edges shall know of the org now; null when there is none, or not any more. */
export function findProjection(db: Database): Projection | null {
  const org = findOpenOrg(db);
  if (org === null) return null;
  const { ceilings, quotas, ...settings } = storedSettings(org);
  const rows = db.all<Row>(
    `SELECT scripts.id, name, limits, kind, versions.id AS version_id, number,
       coalesce(linked_hash, hash) AS hash
     FROM scripts JOIN versions ON versions.id = live_version_id ORDER BY name`,
  );
  return {
    orgId: org.org_id,
    slug: org.slug,
    state: org.state,
    revision: org.revision,
    routes: listRoutes(db),
    scripts: Object.fromEntries(rows.map((row) => [row.id, projectedScript(row, ceilings)])),
    settings: { ...settings, quotas: edgeQuotas(quotas) },
    ...(org.machine === null ? {} : { machine: JSON.parse(org.machine) as ProjectedMachine }),
  };
}

function projectedScript(row: Row, ceilings: SomeScriptLimits): ProjectedScript {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    versionId: row.version_id,
    versionNumber: row.number,
    hash: row.hash,
    limits: effectiveLimits(JSON.parse(row.limits) as SomeScriptLimits, ceilings),
  };
}

/** What nobody outside the org's own objects has to know stays there. */
function edgeQuotas(quotas: Quotas): EdgeQuotas {
  return Object.fromEntries(EDGE_QUOTAS.flatMap((name) => (quotas[name] === undefined ? [] : [[name, quotas[name]]])));
}
