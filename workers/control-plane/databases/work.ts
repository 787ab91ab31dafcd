import type { Actor } from "../../../contracts/doors.ts";
import { platformErrorOf } from "../../../contracts/errors.ts";
import { DATABASE_CREATE_MS } from "../../../contracts/limits.ts";
import { audit } from "../audit/write.ts";
import { ProviderError } from "../provisioning/provider-error.ts";
import type { Scope } from "../scope.ts";
import type { DatabaseDriver, DatabasePlan } from "./driver.ts";
import { findDatabaseDriver } from "./enabled.ts";
import { type Hold, LostDatabase } from "./rows.ts";

/** Name of the org's secret that holds the connection string, which stands nowhere else. */
export const DATABASE_SECRET = "DATABASE_URL";
export const CLOCK: Actor = { type: "platform", id: "databases", name: "Databases" };

/**
 * Goes on making an org's database: what cannot be done now is left for the next pass, and what will never be, or not in
 * time, has failed. Does nothing where somebody else has taken over.
 */
export async function goOnCreating(scope: Scope, hold: Hold): Promise<void> {
  try {
    await create(scope, hold);
  } catch (error) {
    // Whoever destroys it meanwhile need not wait, and removes the secret too.
    await hold.release(scope.database);
    if (!(error instanceof LostDatabase)) throw error;
  }
}

async function create(scope: Scope, hold: Hold): Promise<void> {
  let uri: string | null;
  try {
    uri = await driverOf(scope).create(planOf(scope, hold));
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (error.retry) return tryAgain(scope, hold, error.message);
    return finish(scope, hold, "database.fail", { state: "failed", error: error.message });
  }
  if (uri === null) return tryAgain(scope, hold, null);
  await hold.change(scope.database);
  await scope.state.setSecret(hold.row.orgId, { name: DATABASE_SECRET, scriptId: null, value: uri });
  await finish(scope, hold, "database.ready", { state: "ready", error: null });
}

async function tryAgain(scope: Scope, hold: Hold, error: string | null): Promise<void> {
  if (Date.now() - hold.row.createdAt.getTime() < DATABASE_CREATE_MS) return hold.release(scope.database, { error });
  const late = "The database was not there in time.";
  await finish(scope, hold, "database.fail", { state: "failed", error: error === null ? late : `${late} ${error}` });
}

async function finish(
  scope: Scope,
  hold: Hold,
  action: string,
  change: { state: "ready" | "failed"; error: string | null },
): Promise<void> {
  const { orgId, state, driver } = hold.row;
  await scope.database.transaction(async (tx) => {
    await hold.change(tx, change);
    const details = { driver, before: state, after: change.state, error: change.error };
    await audit(tx, scope, { actor: CLOCK, action, target: DATABASE_SECRET, orgId, details });
  });
}

/**
 * Destroys an org's database: the branch, then the secret, then the row, so that whatever cuts it off leaves something to
 * go on by.
 *
 * @throws ProviderError while the provider does not confirm that it is gone; {@link LostDatabase}
 */
export async function goOnDestroying(scope: Scope, hold: Hold, actor: Actor): Promise<void> {
  const { orgId, driver, state } = hold.row;
  try {
    await driverOf(scope).destroy(planOf(scope, hold));
    await removeSecret(scope, orgId);
  } catch (error) {
    const message = error instanceof ProviderError ? error.message : null;
    await hold.release(scope.database, { error: message });
    throw error;
  }
  await scope.database.transaction(async (tx) => {
    await hold.remove(tx);
    const details = { driver, before: state, after: null };
    await audit(tx, scope, { actor, action: "database.destroyed", target: DATABASE_SECRET, orgId, details });
  });
}

/** An org whose object is gone has no secrets. */
async function removeSecret(scope: Scope, orgId: string): Promise<void> {
  try {
    await scope.state.deleteSecret(orgId, DATABASE_SECRET, null);
  } catch (error) {
    const code = platformErrorOf(error)?.code;
    if (code !== "not_found" && code !== "gone") throw error;
  }
}

function planOf({ env, database }: Scope, hold: Hold): DatabasePlan {
  const { orgId, provider } = hold.row;
  return {
    owner: { platformId: env.PLATFORM_ID, orgId },
    known: provider,
    keep: (record) => hold.keep(database, { ...record }),
  };
}

function driverOf({ env }: Scope): DatabaseDriver {
  const driver = findDatabaseDriver(env);
  if (driver !== null) return driver;
  throw new ProviderError(
    "unavailable",
    "The platform has no access to Neon now; it needs NEON_API_KEY and NEON_PROJECT_ID.",
  );
}
