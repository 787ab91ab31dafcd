import { PlatformError } from "../../../contracts/errors.ts";
import { PROVISION_RECREATIONS_MAX, PROVISION_TRIES_MAX } from "../../../contracts/limits.ts";
import { PROVISION_STEPS, type ProvisionStep } from "../../../contracts/machines.ts";
import type { Scope } from "../scope.ts";
import { beginCompensating, compensate, type Failure } from "./compensate.ts";
import type { Driver } from "./driver.ts";
import { driverOf } from "./drivers/index.ts";
import {
  beginStep,
  change,
  fullRegions,
  type Journal,
  noteStep,
  openJournal,
  renewLease,
  resetSteps,
  withFullRegions,
  withLease,
} from "./journal.ts";
import { pauseBefore } from "./pauses.ts";
import { ProviderError } from "./provider-error.ts";
import { at, type Run, Superseded, type Told } from "./run.ts";
import { endProvision } from "./end.ts";
import { openRegions, planNow, STEPS } from "./steps.ts";

/** Steps whose outcome a machine that is gone, or a region without room, undoes. */
const FROM_INFRASTRUCTURE = PROVISION_STEPS.slice(1) as readonly ProvisionStep[];

/**
 * Takes one turn of a provision: the first step that is not done, or taking everything down again. Which turn that is the
 * journal says, not the caller, so that a run may begin anywhere and be cut off anywhere. Says what comes next. Throws
 * what is no failure of the provider's: the turn is to be taken again then.
 *
 * @param times how many turns were taken in a row to take everything down
 */
export async function takeTurn(scope: Scope, run: Run, times: number): Promise<Told> {
  try {
    const journal = await openJournal(scope, run);
    if (journal.row.state === "compensating")
      return await withLease(scope, run, () => compensate(scope, run, journal, times));
    const failure = mayGoOn(journal);
    if (failure !== null) return await fail(scope, run, failure, null);
    const step = nextStep(journal);
    if (step === null) {
      await endProvision(scope, run, journal);
      return at(null);
    }
    return await withLease(scope, run, () => takeStep(scope, run, journal, step));
  } catch (error) {
    if (error instanceof Superseded) return at(null);
    throw error;
  }
}

const nextStep = ({ steps }: Journal): ProvisionStep | null =>
  steps.find(({ state }) => state !== "done")?.step ?? null;

/** Why a provision is not to go on; null when it is. */
function mayGoOn({ row, org }: Journal): Failure | null {
  if (org.state === "destroying") return { code: "cancelled", message: "The org is being destroyed." };
  if (row.deadlineAt.getTime() > Date.now()) return null;
  return { code: "timeout", message: "The machine was not ready in time, so it was taken down again." };
}

async function takeStep(scope: Scope, run: Run, journal: Journal, step: ProvisionStep): Promise<Told> {
  let driver: Driver;
  try {
    driver = driverOf(scope, journal.row.driver);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return fail(scope, run, { code: "refused", message: error.message }, step);
  }
  const begun = await beginStep(scope, run, step);
  const beganAt = begun.startedAt?.getTime() ?? Date.now();
  try {
    const result = await STEPS[step]({ scope, run, driver, journal, attempts: begun.attempts, beganAt });
    if (result !== "done") return at(step, result.lookAgainAfterMs);
    await noteStep(scope.database, run, step, "done");
    if (step !== "publish") return at(PROVISION_STEPS[PROVISION_STEPS.indexOf(step) + 1] ?? null);
    await endProvision(scope, run, journal);
    return at(null);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return judge(scope, run, { journal, driver, step, attempts: begun.attempts }, error);
  }
}

interface Trouble {
  journal: Journal;
  driver: Driver;
  step: ProvisionStep;
  attempts: number;
}

/** What a provider's failure means for the provision. */
async function judge(scope: Scope, run: Run, trouble: Trouble, error: ProviderError): Promise<Told> {
  const { step, attempts, journal } = trouble;
  if (error.retry && attempts < PROVISION_TRIES_MAX) {
    await noteStep(scope.database, run, step, "waiting", error.message);
    return at(step, pauseBefore(attempts, error.retryAfterMs, Math.random()));
  }
  if (error.code === "no_capacity") {
    const [full, ...others] = openRegions(journal, trouble.driver);
    if (full !== undefined && others.length > 0) return nextRegion(scope, run, trouble, full, error);
  }
  const wasMade = (journal.steps.find((row) => row.step === "machine")?.attempts ?? 0) + (step === "machine" ? 1 : 0);
  if (error.code === "not_found" && wasMade <= PROVISION_RECREATIONS_MAX) {
    await resetSteps(scope.database, run, FROM_INFRASTRUCTURE);
    await noteStep(scope.database, run, step, "waiting", error.message);
    return at("infrastructure", pauseBefore(wasMade, null, Math.random()));
  }
  return fail(scope, run, { code: error.code, message: error.message, lines: error.lines }, step);
}

/** A volume cannot move, so what was made where there is no room goes first; then everything is made in the next region. */
async function nextRegion(scope: Scope, run: Run, trouble: Trouble, full: string, why: ProviderError): Promise<Told> {
  const { journal, driver, step, attempts } = trouble;
  await renewLease(scope, run);
  try {
    await driver.destroy(await planNow(scope, journal, openRegions(journal, driver)));
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (!error.retry) return fail(scope, run, { code: error.code, message: error.message, lines: error.lines }, step);
    // The step finds no room once more, and comes here again.
    await noteStep(scope.database, run, step, "waiting", error.message);
    return at(step, pauseBefore(attempts, error.retryAfterMs, Math.random()));
  }
  const regions = [...fullRegions(journal.row.provider), full];
  await scope.database.transaction(async (tx) => {
    await change(tx, run, { provider: withFullRegions({}, regions) });
    await resetSteps(tx, run, FROM_INFRASTRUCTURE);
    await noteStep(tx, run, step, "waiting", `${full}: ${why.message}`);
  });
  return at("infrastructure");
}

async function fail(scope: Scope, run: Run, failure: Failure, step: ProvisionStep | null): Promise<Told> {
  await beginCompensating(scope, run, failure, step);
  return at("compensate");
}
