import { neonConfig, Pool } from "@neondatabase/serverless";
import { drizzle, type NeonDatabase } from "drizzle-orm/neon-serverless";

import { DATABASE_CONNECT_MS, DATABASE_QUERY_MS } from "../../../contracts/limits.ts";
import type { ControlPlaneEnv } from "../env.ts";
import * as schema from "./schema.ts";

export type Database = NeonDatabase<typeof schema>;
/** What queries take: the database, or the transaction they are part of. */
export type Queries = Pick<Database, "select" | "insert" | "update" | "delete" | "execute">;

export interface Connection {
  database: Database;
  close(): Promise<void>;
}

/**
 * Makes the database of one request. It connects with the first query, never lives longer than its
 * request (a socket is bound to the request that opened it), and gives up instead of hanging.
 * Inside `database.transaction(tx => …)` only `tx` may be used: there is one connection.
 */
export function openConnection(env: ControlPlaneEnv): Connection {
  const proxy = env.DATABASE_PROXY;
  if (proxy !== undefined && proxy !== "") {
    neonConfig.wsProxy = () => proxy;
    neonConfig.useSecureWebSocket = false;
  }
  if (env.DATABASE_AUTH === "scram") neonConfig.pipelineConnect = false;
  const pool = new Pool({
    connectionString: env.DATABASE_URL,
    max: 1,
    connectionTimeoutMillis: DATABASE_CONNECT_MS,
    query_timeout: DATABASE_QUERY_MS,
  });
  // A connection that breaks while idle is reported here; the query that needs it fails by itself.
  pool.on("error", () => {});
  return { database: drizzle({ client: pool, casing: "snake_case", schema }), close: () => pool.end() };
}
