import type { ControlPlaneEnv } from "../env.ts";
import type { DatabaseDriver } from "./driver.ts";
import { neonDatabases } from "./neon.ts";

const NEON_URL = "https://console.neon.tech/api/v2";

/** Whether orgs may be given databases of their own. */
export const databasesAreOn = (env: ControlPlaneEnv): boolean =>
  env.TENANT_DATABASES === "neon" && findDatabaseDriver(env) !== null;

/** What looks after databases; also after those that were made before `TENANT_DATABASES` was switched off. Null where it has no access. */
export function findDatabaseDriver(env: ControlPlaneEnv): DatabaseDriver | null {
  const { NEON_API_KEY: key = "", NEON_PROJECT_ID: project = "", NEON_API_URL: baseUrl = NEON_URL } = env;
  if (key === "" || project === "") return null;
  return neonDatabases({ key, project, baseUrl, fetch: (url, init) => fetch(url, init) });
}
