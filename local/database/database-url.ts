import { Client } from "pg";

import { DATABASE_CONNECT_MS } from "../../contracts/limits.ts";
import { StartError } from "../start-error.ts";

/** Oldest PostgreSQL that the tables are tested on. */
const VERSION_MIN = 15;

const CHECK_ADDRESS = "check DATABASE_URL, or leave it out to use the embedded database";

const FAULTS: Record<string, [what: string, hint: string]> = {
  ECONNREFUSED: ["nothing listens there", `start PostgreSQL, or ${CHECK_ADDRESS}`],
  ENOTFOUND: ["there is no such host", CHECK_ADDRESS],
  EAI_AGAIN: ["the name of the host cannot be looked up", CHECK_ADDRESS],
  EHOSTUNREACH: ["the host cannot be reached", CHECK_ADDRESS],
  ENETUNREACH: ["the network cannot be reached", CHECK_ADDRESS],
  ETIMEDOUT: ["the host does not answer", CHECK_ADDRESS],
  ECONNRESET: ["the connection was broken off", CHECK_ADDRESS],
  ENOENT: ["there is no such socket", CHECK_ADDRESS],
  "28P01": ["user or password is wrong", "correct the user and the password in DATABASE_URL"],
  "28000": ["this user may not sign on", "correct the user in DATABASE_URL, or the server's pg_hba.conf"],
  "3D000": ["there is no such database", "create it, or correct the name in DATABASE_URL"],
  "42501": ["this user may not use the database", "grant the user rights on the database in DATABASE_URL"],
  "53300": ["the server has no connection left", "raise its max_connections, or end other clients"],
  "57P03": ["the server is still starting or stopping", "try again in a moment"],
  SELF_SIGNED_CERT_IN_CHAIN: ["its certificate is not trusted", "set sslrootcert or sslmode in DATABASE_URL"],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["its certificate is not trusted", "set sslrootcert or sslmode in DATABASE_URL"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["its certificate is not trusted", "set sslrootcert or sslmode in DATABASE_URL"],
};

/** A database that answered. */
export interface ProbedDatabase {
  version: string;
  /** Where it is, without user and password. */
  place: string;
}

/**
 * Signs on to the PostgreSQL at an address once.
 *
 * @throws StartError that says what is wrong with the address, without its password.
 */
export async function probeDatabase(databaseUrl: string): Promise<ProbedDatabase> {
  const place = placeOf(databaseUrl);
  const client = openClient(databaseUrl);
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; number: number }>(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
    );
    const { version, number } = rows[0]!;
    if (number < VERSION_MIN * 10_000) {
      const hint = `use PostgreSQL ${VERSION_MIN} or later`;
      throw new StartError(`the database at ${place} is PostgreSQL ${version}`, hint);
    }
    return { version: version.split(" ", 1)[0]!, place };
  } catch (error) {
    throw error instanceof StartError ? error : explain(error, place);
  } finally {
    void client.end().catch(() => undefined);
  }
}

function openClient(databaseUrl: string): Client {
  try {
    return new Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: DATABASE_CONNECT_MS,
      query_timeout: DATABASE_CONNECT_MS,
    });
  } catch (error) {
    throw new StartError("DATABASE_URL has parameters that cannot be used", CHECK_ADDRESS, { cause: error });
  }
}

function placeOf(databaseUrl: string): string {
  const hint = "write postgres://user:password@host:5432/name, or leave it out to use the embedded database";
  const url = URL.canParse(databaseUrl) ? new URL(databaseUrl) : null;
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.pathname.length < 2) {
    throw new StartError("DATABASE_URL is not the address of a PostgreSQL database", hint);
  }
  return `${url.host}${url.pathname}`;
}

function explain(error: unknown, place: string): StartError {
  const cause = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const { code, message } = cause as NodeJS.ErrnoException;
  const isLate = /timeout/i.test(message);
  const fault = FAULTS[isLate ? "ETIMEDOUT" : (code ?? "")];
  const [what, hint] = fault ?? [message, CHECK_ADDRESS];
  return new StartError(`the database at ${place} cannot be used: ${what}`, hint, { cause: error });
}
