import { newId } from "../../../contracts/ids.ts";
import { type MachineSpec, machineSpecSchema } from "../../../contracts/machines.ts";
import type { Driver, Observed, Plan } from "../../../workers/control-plane/provisioning/driver.ts";

const LOOK_PAUSE_MS = 10;
const LOOKS_MAX = 1_000;

/** What the platform asks a driver for, as it does for a new machine. */
export function newPlan(platformId: string, spec: Partial<MachineSpec> = {}): Plan {
  const machineId = newId("machine");
  return {
    owner: { platformId, orgId: newId("org"), machineId, slug: "shop" },
    spec: { ...machineSpecSchema.parse({}), ...spec },
    known: {},
    environment: { ISOLA_URL: "https://isola.example.com", ISOLA_MACHINE_ID: machineId },
  };
}

/** The steps by which something is brought up, each with what those before it have made. */
const STEPS = ["prepare", "makeVolume", "makeMachine"] as const;

/** Has everything made, and nothing started. Returns the plan with all that is known. */
export async function make(driver: Driver, plan: Plan): Promise<Plan> {
  let known = plan.known;
  for (const step of STEPS) known = await driver[step]({ ...plan, known });
  return { ...plan, known };
}

/** Has everything made, as who begins anew whenever a call fails: with what was returned until then. */
export async function makeInTheEnd(driver: Driver, plan: Plan): Promise<Plan> {
  let known = plan.known;
  for (const step of STEPS) {
    known = await driver[step]({ ...plan, known }).catch(() => driver[step]({ ...plan, known }));
  }
  return { ...plan, known };
}

/** Made and started; resolves when the provider says so. */
export async function bringUp(driver: Driver, plan: Plan): Promise<Plan> {
  const made = await make(driver, plan);
  await driver.start(made);
  await comesTo(driver, made, "started");
  return made;
}

/** Waits until the provider says that the machine is in a state. */
export async function comesTo(driver: Driver, plan: Plan, ...states: Observed["state"][]): Promise<Observed> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const seen = await driver.observe(plan);
    if (states.includes(seen.state)) return seen;
    await new Promise((done) => setTimeout(done, LOOK_PAUSE_MS));
  }
  throw new Error(`The machine did not come to be ${states.join(" or ")}.`);
}
