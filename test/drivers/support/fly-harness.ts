import type { Driver, Plan, ProviderRecord } from "../../../workers/control-plane/provisioning/driver.ts";
import { flyDriver, type FlyOptions } from "../../../workers/control-plane/provisioning/drivers/fly.ts";
import { Pace } from "../../../workers/control-plane/provisioning/drivers/pace.ts";
import { newId } from "../../../contracts/ids.ts";
import { type MachineSpec, machineSpecSchema } from "../../../contracts/machines.ts";
import { holdToDocument, violationIn } from "./fly-document.ts";
import { type FlyFake, startFlyFake } from "./fly-fake.ts";

export const PLATFORM = "testplatform01";

export interface FlyHarness {
  fake: FlyFake;
  driver: Driver;
  /** Another driver at the same provider. */
  driverWith(options: Partial<FlyOptions>): Driver;
  /** What broke the document. */
  violations: string[];
  close(): Promise<void>;
}

/** The driver at the stand-in; held to the document where there is one. */
export async function startFly(document: string | null): Promise<FlyHarness> {
  // Waits pass at once; what they wait for has a few milliseconds.
  let passed = 0;
  const clock = {
    now: () => Date.now() + passed,
    sleep: async (ms: number): Promise<void> => {
      passed += ms;
      await new Promise((done) => setTimeout(done, 10));
    },
  };
  const fake = await startFlyFake(clock.now);
  const held = document === null ? null : await holdToDocument(document, fake.url);
  const violations: string[] = [];
  const driverWith = (options: Partial<FlyOptions>): Driver =>
    flyDriver({
      token: fake.token,
      organisation: fake.organisation,
      platformId: PLATFORM,
      image: "nginx:1.29",
      size: "shared-cpu-1x",
      regions: ["fra", "ams"],
      baseUrl: held?.url ?? fake.url,
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        const violation = await violationIn(answer);
        if (violation !== null) violations.push(`${init.method} ${new URL(url).pathname}: ${violation}`);
        return answer;
      },
      pace: new Pace({ pauseMs: 0 }),
      clock,
      ...options,
    });
  return {
    fake,
    driver: driverWith({}),
    driverWith,
    violations,
    close: async () => {
      await held?.close();
      await fake.close();
    },
  };
}

/** What the platform asks for, as it does for a new machine. */
export function planFor(spec: Partial<MachineSpec> = {}, known: ProviderRecord = {}): Plan {
  const machineId = newId("machine");
  return {
    owner: { platformId: PLATFORM, orgId: newId("org"), machineId, slug: "shop" },
    spec: { ...machineSpecSchema.parse({}), ...spec },
    known,
    environment: { ISOLA_URL: "https://isola.example.com", ISOLA_MACHINE_ID: machineId },
  };
}

/** The same with everything that was made so far. */
export async function made(driver: Driver, plan: Plan): Promise<Plan> {
  let now = { ...plan, known: await driver.prepare(plan) };
  now = { ...now, known: await driver.makeVolume(now) };
  return { ...now, known: await driver.makeMachine(now) };
}

/** Made and started, as far as the provider says so. */
export async function started(driver: Driver, plan: Plan): Promise<Plan> {
  const now = await made(driver, plan);
  await driver.start(now);
  for (let tries = 0; tries < 50; tries++) {
    const { state } = await driver.observe(now);
    if (state === "started" || state === "stopped") return now;
  }
  throw new Error("the machine did not start");
}
