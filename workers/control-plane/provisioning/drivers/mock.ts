import * as z from "zod";

import type { Driver, LogLine, Observed, Owner, Plan, ProviderRecord, Resource } from "../driver.ts";
import { ProviderError } from "../provider-error.ts";
import { chooseMachine, chooseVolume } from "./adopt.ts";
import type { ProviderFetch } from "./http.ts";
import { MockApi, type MockMachine, type MockTags, type MockVolume, type NewMachine } from "./mock-api.ts";

export interface MockOptions {
  url: string;
  token: string;
  platformId: string;
  fetch: ProviderFetch;
  timeoutMs?: number;
}

const DEFAULTS = { image: "mock:hello", size: "small", regions: ["near", "far"] } as const;
/** Time in which a machine that is removed is gone, and the pause between two looks, in milliseconds. */
const GONE_MS = 10_000;
const GONE_LOOK_MS = 25;

const recordSchema = z.object({
  group: z.string().optional(),
  volumeId: z.string().optional(),
  volumeRegion: z.string().optional(),
  /** With its id, what tells a volume from another one. */
  volumeCreatedAt: z.number().optional(),
  /** Whether data was seen on it. */
  volumeWritten: z.boolean().optional(),
  machineId: z.string().optional(),
  region: z.string().optional(),
});
type MockRecord = z.output<typeof recordSchema>;

/**
 * Machines of the practice provider. It behaves as those do that cost money: a group, a volume and a machine for each
 * owner, names that can be taken, regions without room, answers that are lost.
 */
export function mockDriver(options: MockOptions): Driver {
  return new MockDriver(options);
}

class MockDriver implements Driver {
  readonly name = "mock";
  readonly title = "Practice machines, which cost nothing";
  readonly defaults = DEFAULTS;
  readonly hasVolumes = true;
  readonly registersItself = false;
  readonly #api: MockApi;
  readonly #platformId: string;

  constructor({ platformId, ...options }: MockOptions) {
    this.#api = new MockApi(options);
    this.#platformId = platformId;
  }

  async prepare({ owner, known }: Plan): Promise<ProviderRecord> {
    const group = groupOf(owner, known);
    try {
      await this.#api.createGroup(group, tagsOf(owner));
    } catch (error) {
      if (!isCode(error, "name_taken")) throw error;
      const found = await this.#api.findGroup(group);
      if (found === null || !isOwners(found, owner)) throw error;
    }
    return { ...known, group };
  }

  async makeVolume(plan: Plan): Promise<ProviderRecord> {
    const { owner, spec, known } = plan;
    if (spec.volumeGb === undefined) return known;
    const group = groupOf(owner, known);
    const kept = await this.#ownVolume(readRecord(known));
    if (kept !== null) return kept.writtenAt === null ? known : { ...known, volumeWritten: true };
    const volumes = await this.#api.listVolumes(group);
    const volume =
      chooseVolume(volumes.filter((each) => isOwners(each, owner))) ??
      (await this.#api.createVolume({
        name: owner.machineId,
        group,
        region: regionOf(plan),
        sizeGb: spec.volumeGb,
        tags: tagsOf(owner),
      }));
    return {
      ...known,
      volumeId: volume.id,
      volumeRegion: volume.region,
      volumeCreatedAt: volume.createdAt,
      ...(volume.writtenAt === null ? {} : { volumeWritten: true }),
    };
  }

  async makeMachine(plan: Plan): Promise<ProviderRecord> {
    const record = readRecord(plan.known);
    const volume = await this.#ownVolume(record);
    const machine = (await this.#findMachine(plan)) ?? (await this.#createMachine(plan, volume));
    if (machine.state === "destroying") throw stillThere();
    requireOwnVolume(machine, volume);
    return { ...plan.known, machineId: machine.id, region: machine.region };
  }

  async start(plan: Plan): Promise<void> {
    const machine = await this.#getMachine(plan);
    if (machine.state === "starting" || machine.state === "started") return;
    const volume = await this.#ownVolume(readRecord(plan.known));
    requireOwnVolume(machine, volume);
    if (machine.firstStartedAt !== null && volume?.writtenAt === null) throw emptied(volume);
    await this.#api.startMachine(machine.id, environmentOf(plan));
  }

  async stop(plan: Plan): Promise<void> {
    const machine = await this.#getMachine(plan);
    if (machine.state === "starting" || machine.state === "started") await this.#api.stopMachine(machine.id);
  }

  async observe(plan: Plan): Promise<Observed> {
    const machine = await this.#findMachine(plan);
    if (machine === null) return { state: null, origin: null, network: "host", region: null, reason: null };
    const { state, origin, region, exitCode } = machine;
    return {
      state: state === "destroying" ? "stopping" : state,
      origin: state === "started" ? origin : null,
      network: "host",
      region,
      reason: exitCode === null ? null : `it ended with code ${exitCode}`,
    };
  }

  async logs(plan: Plan, limit: number): Promise<LogLine[]> {
    return (await this.#api.linesOf((await this.#getMachine(plan)).id)).slice(-limit);
  }

  async destroy({ owner, known }: Plan): Promise<void> {
    const group = groupOf(owner, known);
    const found = await this.#api.findGroup(group);
    if (found !== null && isOwners(found, owner)) await this.#removeAllOf(group);
  }

  async list(platformId: string): Promise<Resource[]> {
    const { machines, volumes, groups } = await this.#api.listAll(platformId);
    const as = (kind: string) => (each: { id: string; createdAt: number; tags: MockTags }) => ({
      resource: `${kind}/${each.id}`,
      orgId: each.tags.org,
      machineId: each.tags.machine,
      createdAt: each.createdAt,
    });
    // In the order in which they can be removed.
    return [
      ...machines.map(as("machine")),
      ...volumes.map(as("volume")),
      ...groups.map((group) => ({ ...as("group")(group), resource: `group/${group.name}` })),
    ];
  }

  async remove({ resource }: Resource): Promise<void> {
    const [kind, id = ""] = resource.split("/");
    const found = await this.#findThing(kind, id);
    if (found === null) return;
    if (found.tags.platform !== this.#platformId) throw new ProviderError("refused", `${resource} is not ours.`);
    if (kind === "machine") await this.#removeMachine(id);
    else if (kind === "volume") await this.#api.removeVolume(id);
    else await this.#removeAllOf(id);
  }

  #findThing(kind: string | undefined, id: string): Promise<{ tags: MockTags } | null> {
    if (kind === "machine") return this.#api.findMachine(id);
    if (kind === "volume") return this.#api.findVolume(id);
    if (kind === "group") return this.#api.findGroup(id);
    throw new ProviderError("refused", `There is nothing of the kind ${kind}.`);
  }

  async #createMachine(plan: Plan, volume: MockVolume | null): Promise<MockMachine> {
    const { owner, known, spec } = plan;
    try {
      return await this.#api.createMachine({
        name: owner.machineId,
        group: groupOf(owner, known),
        region: volume?.region ?? regionOf(plan),
        image: spec.image ?? DEFAULTS.image,
        size: spec.size ?? DEFAULTS.size,
        volume: volume?.id ?? null,
        environment: environmentOf(plan),
        tags: tagsOf(owner),
      });
    } catch (error) {
      if (!isCode(error, "name_taken")) throw error;
      const sameName = (await this.#api.listMachines(groupOf(owner, known))).filter((each) => isOwners(each, owner));
      const made = chooseMachine(sameName);
      if (made !== null) return made;
      throw sameName.length === 0 ? error : stillThere();
    }
  }

  /** The machine to go on with; null where there is none for sure. */
  async #findMachine({ owner, known }: Plan): Promise<MockMachine | null> {
    const { machineId } = readRecord(known);
    const noted = machineId === undefined ? null : await this.#api.findMachine(machineId);
    if (noted !== null) return isOwners(noted, owner) ? noted : null;
    const machines = await this.#api.listMachines(groupOf(owner, known));
    return chooseMachine(machines.filter((each) => isOwners(each, owner)));
  }

  async #getMachine(plan: Plan): Promise<MockMachine> {
    const machine = await this.#findMachine(plan);
    if (machine === null) throw new ProviderError("not_found", "The machine is gone at its provider.");
    return machine;
  }

  /** The volume of the record as it is now; null where the record has none. Throws `wrong_volume` when it is not what it was. */
  async #ownVolume(record: MockRecord): Promise<MockVolume | null> {
    if (record.volumeId === undefined) return null;
    const volume = await this.#api.findVolume(record.volumeId);
    if (volume === null || volume.createdAt !== record.volumeCreatedAt || volume.region !== record.volumeRegion) {
      throw new ProviderError("wrong_volume", "The machine's volume is gone; no empty one takes its place.");
    }
    if (record.volumeWritten === true && volume.writtenAt === null) throw emptied(volume);
    return volume;
  }

  async #removeAllOf(group: string): Promise<void> {
    for (const { id } of await this.#api.listMachines(group)) await this.#removeMachine(id);
    for (const { id } of await this.#api.listVolumes(group)) await this.#api.removeVolume(id);
    await this.#api.removeGroup(group);
    if ((await this.#api.findGroup(group)) !== null) throw stillThere();
  }

  async #removeMachine(id: string): Promise<void> {
    await this.#api.removeMachine(id);
    for (const until = Date.now() + GONE_MS; (await this.#api.findMachine(id)) !== null;) {
      if (Date.now() > until) throw stillThere();
      await new Promise((done) => setTimeout(done, GONE_LOOK_MS));
    }
  }
}

function readRecord(known: ProviderRecord): MockRecord {
  const parsed = recordSchema.safeParse(known);
  return parsed.success ? parsed.data : {};
}

const groupOf = ({ platformId, machineId }: Owner, known: ProviderRecord): string =>
  readRecord(known).group ?? `isola-${platformId}-${machineId}`;

const tagsOf = ({ platformId, orgId, machineId, slug }: Owner): NewMachine["tags"] => ({
  platform: platformId,
  org: orgId,
  machine: machineId,
  slug,
});

const isOwners = ({ tags }: { tags: MockTags }, owner: Owner): boolean =>
  tags.platform === owner.platformId && tags.machine === owner.machineId;

const environmentOf = ({ spec, environment }: Plan): Record<string, string> => ({
  ...spec.environment,
  ...environment,
});

const regionOf = ({ spec }: Plan): string => spec.regions?.[0] ?? DEFAULTS.regions[0];

function requireOwnVolume(machine: MockMachine, volume: MockVolume | null): void {
  if (machine.volume === (volume?.id ?? null) && (volume === null || volume.region === machine.region)) return;
  throw new ProviderError("wrong_volume", "The machine does not have its own volume in its own region.");
}

const emptied = ({ id }: MockVolume): ProviderError =>
  new ProviderError("wrong_volume", `The volume ${id} held data and is empty; nothing is started over it.`);

const stillThere = (): ProviderError => new ProviderError("unavailable", "What was to be removed is still there.");

const isCode = (error: unknown, code: ProviderError["code"]): boolean =>
  error instanceof ProviderError && error.code === code;
