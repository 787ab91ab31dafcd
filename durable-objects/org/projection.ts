import type { ProjectedScript, Projection } from "../../contracts/projection.ts";
import type { Database } from "../database.ts";
import { listRoutes } from "./routes.ts";
import { findOpenOrg } from "./settings.ts";

type Row = {
  id: string;
  name: string;
  wall_clock_ms: number;
  kind: "endpoint" | "module";
  version_id: string;
  number: number;
  hash: string;
};

/** What the edges shall know of the org now; null when there is none, or not any more. */
export function findProjection(db: Database): Projection | null {
  const org = findOpenOrg(db);
  if (org === null) return null;
  const rows = db.all<Row>(
    `SELECT scripts.id, name, wall_clock_ms, kind, versions.id AS version_id, number, hash
     FROM scripts JOIN versions ON versions.id = live_version_id ORDER BY name`,
  );
  return {
    orgId: org.org_id,
    slug: org.slug,
    state: org.state,
    revision: org.revision,
    routes: listRoutes(db),
    scripts: Object.fromEntries(rows.map((row) => [row.id, projectedScript(row)])),
  };
}

function projectedScript(row: Row): ProjectedScript {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    versionId: row.version_id,
    versionNumber: row.number,
    hash: row.hash,
    wallClockMs: row.wall_clock_ms,
  };
}
