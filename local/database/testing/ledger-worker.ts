import { neonConfig, Pool, type PoolClient } from "@neondatabase/serverless";

interface Env {
  DATABASE_URL: string;
  DATABASE_PROXY: string;
}

/**
 * Uses the database as the control plane does: the Neon driver inside workerd, one pool a request.
 * `/add` adds one to a balance by reading and writing it in a transaction; `/abandon` ends the request in the
 * middle of one; `/version` asks for the server's version.
 */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    neonConfig.wsProxy = () => env.DATABASE_PROXY;
    neonConfig.useSecureWebSocket = false;
    const pool = new Pool({ connectionString: env.DATABASE_URL, max: 1 });
    pool.on("error", () => undefined);
    try {
      switch (new URL(request.url).pathname) {
        case "/add":
          await inTransaction(pool, async (client) => {
            const { rows } = await client.query("select balance from ledger where id = $1 for update", [1]);
            await client.query("update ledger set balance = $1 where id = $2", [rows[0].balance + 1, 1]);
          });
          return new Response("added");
        case "/abandon": {
          const client = await pool.connect();
          await client.query("begin");
          await client.query("update ledger set balance = balance + 1000000 where id = $1", [1]);
          return new Response("abandoned");
        }
        default:
          return Response.json((await pool.query("select current_setting('server_version') as version")).rows);
      }
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      return Response.json({ code, message }, { status: 500 });
    } finally {
      if (!request.url.endsWith("/abandon")) await pool.end();
    }
  },
};

async function inTransaction(pool: Pool, work: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await work(client);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}
