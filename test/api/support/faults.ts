import type { Fault } from "../../../local/machines/faults.ts";
import type { Core } from "./core.ts";
import type { TestProvider } from "./provider.ts";

/** One way in which a provider fails, and what is to come of it. */
export interface FaultCase {
  name: string;
  /** What the provider does; nothing where the machine asked for brings the fault along. */
  faults: readonly Partial<Fault>[];
  /** What is asked for. */
  machine: Record<string, unknown>;
  expected: "running" | "failed";
  /** Code of the failure, where it is to fail. */
  code?: string;
  /** Machines and volumes that are there in the end. */
  machines: number;
  volumes: number;
}

/** What came of it. */
export interface FaultOutcome {
  state: "running" | "failed" | "unfinished";
  code: string | null;
  message: string | null;
  lines: string[];
  region: string | null;
  machines: number;
  volumes: number;
  /** Things at the provider that belong to no machine of the org. */
  orphans: number;
  tookMs: number;
}

const RUNS = { expected: "running", machines: 1, volumes: 0 } as const;
const FAILS = { expected: "failed", machines: 0, volumes: 0 } as const;
const WITH_VOLUME = { volumeGb: 1 };

/** What people who run such systems have met, as far as giving an org its machine has to answer for it. */
export const FAULT_CASES: readonly FaultCase[] = [
  {
    name: "the account may not have more machines",
    faults: [{ operation: "machine.create", kind: "refused" }],
    machine: WITH_VOLUME,
    ...FAILS,
    code: "quota",
  },
  {
    name: "the name is taken by somebody else",
    faults: [{ operation: "group.create", kind: "taken" }],
    machine: {},
    ...FAILS,
    code: "name_taken",
  },
  {
    name: "the name is taken, by what we made ourselves before the answer was lost",
    faults: [{ operation: "group.create", kind: "lost" }],
    machine: {},
    ...RUNS,
  },
  {
    name: "the provider does not answer in time",
    faults: [{ operation: "machine.create", kind: "hangs" }],
    machine: {},
    ...RUNS,
  },
  {
    name: "the provider answers 500 twice",
    faults: [{ operation: "machine.create", kind: "broken", times: 2 }],
    machine: WITH_VOLUME,
    ...RUNS,
    volumes: 1,
  },
  {
    name: "the provider answers 503 for good",
    faults: [{ operation: "machine.create", kind: "unavailable", times: 0 }],
    machine: WITH_VOLUME,
    ...FAILS,
    code: "unavailable",
  },
  {
    name: "the provider answers 429",
    faults: [{ operation: "machine.start", kind: "busy", ms: 2_000 }],
    machine: {},
    ...RUNS,
  },
  {
    name: "the machine is made and the answer is lost",
    faults: [{ operation: "machine.create", kind: "lost" }],
    machine: {},
    ...RUNS,
  },
  {
    name: "the machine is started and the answer is lost",
    faults: [{ operation: "machine.start", kind: "lost" }],
    machine: {},
    ...RUNS,
  },
  {
    name: "a volume is left over by an attempt that was cut off",
    faults: [{ operation: "volume.create", kind: "lost" }],
    machine: WITH_VOLUME,
    ...RUNS,
    volumes: 1,
  },
  {
    name: "there is no room in the first region",
    faults: [],
    machine: { ...WITH_VOLUME, regions: ["full", "far"] },
    ...RUNS,
    volumes: 1,
  },
  {
    name: "there is no room left in a region once the volume is there",
    faults: [{ operation: "machine.create", kind: "no_capacity", region: "near" }],
    machine: { ...WITH_VOLUME, regions: ["near", "far"] },
    ...RUNS,
    volumes: 1,
  },
  {
    name: "there is no room anywhere",
    faults: [],
    machine: { regions: ["full"] },
    ...FAILS,
    code: "no_capacity",
  },
  { name: "there is no such image", faults: [], machine: { image: "mock:missing" }, ...FAILS, code: "no_image" },
  {
    name: "the machine starts and dies at once",
    faults: [],
    machine: { ...WITH_VOLUME, image: "mock:exits" },
    ...FAILS,
    code: "exited",
  },
  {
    name: "what was made cannot be removed at first",
    faults: [
      { operation: "machine.create", kind: "refused" },
      { operation: "volume.delete", kind: "broken", times: 2 },
    ],
    machine: WITH_VOLUME,
    ...FAILS,
    code: "quota",
  },
];

/** Longest that a case may take, in milliseconds. */
export const FAULT_MS = 60_000;
const LOOK_MS = 100;

/** Has an org made while the provider fails as the case says, and looks what came of it. */
export async function meet(
  core: Pick<Core, "call">,
  provider: Pick<TestProvider, "fail" | "holdings">,
  token: string,
  slug: string,
  fault: FaultCase,
): Promise<FaultOutcome> {
  const beganAt = Date.now();
  await provider.fail(...fault.faults);
  const body = { slug, driver: "mock", machine: fault.machine };
  const made = await core.call("/api/v1/orgs", { token, json: body });
  if (made.status !== 201) throw new Error(`no org: ${made.text}`);
  const shown = await settled(core, token, slug, beganAt + FAULT_MS);
  await provider.fail();
  const { machine, provision } = shown;
  const { groups, volumes, machines } = await provider.holdings();
  const ofOrg = <T extends { tags: { org: string } }>(things: T[]): T[] =>
    things.filter(({ tags }) => tags.org === made.json.id);
  const mine = [...ofOrg(groups), ...ofOrg(volumes), ...ofOrg(machines)];
  const state = provision.state === "done" ? "running" : provision.state === "failed" ? "failed" : "unfinished";
  return {
    state,
    code: provision.error?.code ?? null,
    message: provision.error?.message ?? null,
    lines: provision.error?.lines ?? [],
    region: machine?.region ?? null,
    machines: ofOrg(machines).length,
    volumes: ofOrg(volumes).length,
    orphans: mine.filter(({ tags }) => tags.machine !== machine?.id).length,
    tookMs: Date.now() - beganAt,
  };
}

/** An org's machine and provision once the provision is over, or when the time is. */
export async function settled(
  core: Pick<Core, "call">,
  token: string,
  slug: string,
  untilAt = Date.now() + FAULT_MS,
): Promise<ReturnType<typeof JSON.parse>> {
  for (;;) {
    const { json } = await core.call(`/api/v1/orgs/${slug}/machine`, { token });
    const isOver = json.provision?.state === "done" || json.provision?.state === "failed";
    if (isOver || Date.now() >= untilAt) return json;
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}
