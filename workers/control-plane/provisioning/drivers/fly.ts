import { FLY_WAIT_S, PROVIDER_CALL_MS } from "../../../../contracts/limits.ts";
import type { Driver, LogLine, Observed, Plan, ProviderRecord, Resource } from "../driver.ts";
import { ProviderError } from "../provider-error.ts";
import { chooseMachine, chooseVolume, requireOwnVolume } from "./fly-adopt.ts";
import { FlyApi, type FlyMachine, type FlyVolume, type MachinePath } from "./fly-api.ts";
import { configOf, environmentOf, guestOf } from "./fly-config.ts";
import { type FlyClock, withLease } from "./fly-lease.ts";
import { listResources } from "./fly-list.ts";
import { appNameOf, isTagged, machineIdOf } from "./fly-names.ts";
import { type FlyRecord, readRecord } from "./fly-record.ts";
import { FlyRemoval } from "./fly-remove.ts";
import { isUsable, linesOf, reasonOf, stateOf } from "./fly-states.ts";
import type { ProviderFetch } from "./http.ts";
import { machinePace, type Pace, sleep } from "./pace.ts";

export interface FlyOptions {
  /** Empty where there is none; then nothing can be done. */
  token: string;
  /** Slug of the organisation at Fly.io that the apps belong to. */
  organisation: string;
  platformId: string;
  image: string | null;
  size: string;
  regions: readonly string[];
  baseUrl: string;
  fetch: ProviderFetch;
  pace?: Pace;
  clock?: FlyClock;
  /** Deadline of one call, in milliseconds. */
  timeoutMs?: number;
}

const VOLUME_NAME = "data";
const MACHINE_NAME = "main";

/**
 * Machines at Fly.io: for each an app of its own, with a private network of its own, a volume where one is asked for, and
 * the machine. Names and tags are worked out of the owner, so what a call left behind whose answer was lost is found again.
 */
export function flyDriver(options: FlyOptions): Driver {
  return new FlyDriver(options);
}

class FlyDriver implements Driver {
  readonly name = "fly";
  readonly title = "Fly.io";
  readonly defaults: Driver["defaults"];
  readonly hasVolumes = true;
  readonly registersItself = false;
  readonly #options: FlyOptions;
  readonly #client: FlyApi;
  readonly #clock: FlyClock;

  constructor(options: FlyOptions) {
    const { token, baseUrl, fetch, image, size, regions, pace = machinePace, timeoutMs = PROVIDER_CALL_MS } = options;
    this.#options = options;
    this.defaults = { image, size, regions };
    this.#client = new FlyApi({ token, baseUrl, fetch, pace, timeoutMs });
    this.#clock = options.clock ?? { now: Date.now, sleep };
  }

  async prepare({ owner, known }: Plan): Promise<ProviderRecord> {
    const app = readRecord(known).app ?? appNameOf(owner);
    if (!(await this.#isOurs(app))) await this.#makeApp(app);
    const addresses = await this.#api.listAddresses(app);
    if (addresses?.length === 0) await this.#api.assignAddress(app);
    return { ...known, app };
  }

  async makeVolume(plan: Plan): Promise<ProviderRecord> {
    const { spec, known } = plan;
    if (spec.volumeGb === undefined) return known;
    const record = readRecord(known);
    if (record.volumeId !== undefined) {
      await this.#ownVolume(appOf(plan), record);
      return known;
    }
    const app = appOf(plan);
    const volumes = await this.#api.listVolumes(app);
    if (volumes === null) throw appGone();
    const volume =
      chooseVolume(volumes, VOLUME_NAME) ??
      (await this.#api.createVolume(app, {
        name: VOLUME_NAME,
        region: this.#region(plan),
        size_gb: spec.volumeGb,
        compute: this.#guest(plan),
      }));
    return {
      ...known,
      volumeId: volume.id,
      volumeRegion: volume.region ?? this.#region(plan),
      ...(volume.created_at == null ? {} : { volumeCreatedAt: volume.created_at }),
    };
  }

  async makeMachine(plan: Plan): Promise<ProviderRecord> {
    const app = appOf(plan);
    const record = readRecord(plan.known);
    const volume = await this.#ownVolume(app, record);
    const machine = (await this.#chosen(app, plan)) ?? (await this.#createMachine(app, plan, record));
    requireOwnVolume(machine, volume);
    const region = machine.region ?? record.volumeRegion ?? this.#region(plan);
    return { ...plan.known, machineId: machine.id, region };
  }

  async start(plan: Plan): Promise<void> {
    const path = await this.#path(plan);
    const machine = await this.#getMachine(path);
    if (isRunning(machine)) return;
    requireOwnVolume(machine, await this.#ownVolume(path.app, readRecord(plan.known)));
    await withLease(this.#api, this.#clock, path, async (nonce) => {
      if (!isSame(machine.config?.env ?? {}, environmentOf(plan))) {
        await this.#api.updateMachine(path, this.#config(plan), nonce);
      }
      try {
        await this.#api.startMachine(path, nonce);
      } catch (error) {
        // Somebody else may have started it between our look and the lease.
        if (!isStandstill(error) || !isRunning(await this.#getMachine(path))) throw error;
      }
    });
  }

  async stop(plan: Plan): Promise<void> {
    const path = await this.#path(plan);
    if (isStill(await this.#getMachine(path))) return;
    await withLease(this.#api, this.#clock, path, async (nonce) => {
      try {
        await this.#api.stopMachine(path, nonce);
      } catch (error) {
        if (!isStandstill(error) || !isStill(await this.#getMachine(path))) throw error;
      }
    });
  }

  async observe(plan: Plan): Promise<Observed> {
    const app = appOf(plan);
    let machine = await this.#look(app, plan);
    if (machine === null || stateOf(machine) === null) {
      if (machine === null) await this.#requireSight(app);
      return { state: null, origin: null, network: "public", region: null, reason: null };
    }
    const goal = machine.state === "starting" ? "started" : machine.state === "stopping" ? "stopped" : null;
    if (goal !== null) {
      const path = { app, id: machine.id };
      // It holds its answer until then; when that is too long, the machine is as it was, and stays ours.
      await this.#api.waitFor(path, goal, FLY_WAIT_S, machine.instance_id ?? null);
      machine = (await this.#api.findMachine(path)) ?? machine;
    }
    const state = stateOf(machine);
    return {
      state,
      origin: state === "started" ? `https://${app}.fly.dev` : null,
      network: "public",
      region: machine.region ?? null,
      reason: reasonOf(machine),
    };
  }

  async logs(plan: Plan, limit: number): Promise<LogLine[]> {
    return linesOf(await this.#api.listEvents(await this.#path(plan))).slice(-limit);
  }

  async destroy({ owner, known }: Plan): Promise<void> {
    const record = readRecord(known);
    const app = record.app ?? appNameOf(owner);
    if (await this.#api.isGone(app, this.#options.organisation)) return;
    try {
      await this.#isOurs(app);
    } catch (error) {
      // Another had the name before anything of ours was made.
      if (isNameTaken(error) && record.app === undefined) return;
      throw error;
    }
    await this.#removal.everything(app);
  }

  async list(platformId: string): Promise<Resource[]> {
    return listResources(this.#api, this.#options.organisation, platformId);
  }

  async remove({ resource }: Resource): Promise<void> {
    const [kind, app, id] = resource.split("/");
    if (app === undefined || machineIdOf(app, this.#options.platformId) === null) throw notOurs(resource);
    if (kind === "app" && id === undefined) return this.#removal.everything(app);
    if (kind === "machine" && id !== undefined) return this.#removal.machine({ app, id });
    if (kind === "volume" && id !== undefined) return this.#removal.volume(app, id);
    throw notOurs(resource);
  }

  get #api(): FlyApi {
    const { token, organisation } = this.#options;
    if (token !== "" && organisation !== "") return this.#client;
    throw new ProviderError("unauthorized", "Machines at Fly.io need FLY_API_TOKEN and FLY_ORG to be set.");
  }

  get #removal(): FlyRemoval {
    return new FlyRemoval(this.#api, this.#options.organisation, this.#clock);
  }

  async #makeApp(app: string): Promise<void> {
    try {
      await this.#api.createApp(app, this.#options.organisation, app);
    } catch (error) {
      if (!isNameTaken(error)) throw error;
      // It is ours where an earlier call made it and its answer was lost.
      if (!(await this.#isOurs(app))) throw error;
    }
  }

  /** Whether there is an app of this name in our organisation; false where there is none. Throws `name_taken` for another's. */
  async #isOurs(app: string): Promise<boolean> {
    const found = await this.#api.findApp(app);
    if (found === null) return false;
    const organisation = found.organization?.slug ?? this.#options.organisation;
    if (organisation === this.#options.organisation) return true;
    throw new ProviderError("name_taken", `The app ${app} at Fly.io belongs to another organisation.`);
  }

  async #createMachine(app: string, plan: Plan, record: FlyRecord): Promise<FlyMachine> {
    const region = record.volumeRegion ?? this.#region(plan);
    try {
      return await this.#api.createMachine(app, { name: MACHINE_NAME, region, config: this.#config(plan) });
    } catch (error) {
      if (!isNameTaken(error)) throw error;
      const made = await this.#chosen(app, plan);
      if (made === null) throw error;
      return made;
    }
  }

  /** The machine to go on with; null where there is none for sure. */
  async #chosen(app: string, { owner, known }: Plan): Promise<FlyMachine | null> {
    const machines = await this.#api.listMachines(app);
    if (machines === null) throw appGone();
    const chosen = chooseMachine(machines, owner);
    const { machineId } = readRecord(known);
    if (chosen !== null || machineId === undefined) return chosen;
    // A listing may lag behind; only what the machine itself is not found by counts.
    const machine = await this.#api.findMachine({ app, id: machineId });
    return machine !== null && isAliveAndOurs(machine, owner) ? machine : null;
  }

  /** The volume that the record says is the machine's own; null where it says nothing. Throws `wrong_volume` when it is not there as it was. */
  async #ownVolume(app: string, { volumeId, volumeRegion, volumeCreatedAt }: FlyRecord): Promise<FlyVolume | null> {
    if (volumeId === undefined) return null;
    const volume = await this.#api.findVolume(app, volumeId);
    if (volume === null || !isUsable(volume)) {
      throw new ProviderError("wrong_volume", `The volume ${volumeId} is gone; no empty one takes its place.`);
    }
    const isSame =
      (volumeCreatedAt === undefined || volume.created_at == null || volume.created_at === volumeCreatedAt) &&
      (volumeRegion === undefined || volume.region == null || volume.region === volumeRegion);
    if (isSame) return volume;
    throw new ProviderError("wrong_volume", `The volume ${volumeId} is not the one that it was.`);
  }

  /** The machine as it is now; null where Fly.io shows none. */
  async #look(app: string, plan: Plan): Promise<FlyMachine | null> {
    const { machineId } = readRecord(plan.known);
    if (machineId !== undefined) return this.#api.findMachine({ app, id: machineId });
    return chooseMachine((await this.#api.listMachines(app)) ?? [], plan.owner);
  }

  /** Throws unless what Fly.io does not show is not there for sure. */
  async #requireSight(app: string): Promise<void> {
    await this.#api.isGone(app, this.#options.organisation);
  }

  async #path(plan: Plan): Promise<MachinePath> {
    const app = appOf(plan);
    const id = readRecord(plan.known).machineId ?? (await this.#look(app, plan))?.id;
    if (id === undefined) throw machineGone();
    return { app, id };
  }

  async #getMachine(path: MachinePath): Promise<FlyMachine> {
    const machine = await this.#api.findMachine(path);
    if (machine === null || stateOf(machine) === null) {
      await this.#requireSight(path.app);
      throw machineGone();
    }
    return machine;
  }

  #region({ spec }: Plan): string {
    const region = spec.regions?.[0] ?? this.defaults.regions[0];
    if (region === undefined) throw new ProviderError("refused", "Say in which region of Fly.io the machine is to be.");
    return region;
  }

  #guest = ({ spec }: Plan) => guestOf(spec.size ?? this.#options.size);

  #config(plan: Plan) {
    const image = plan.spec.image ?? this.defaults.image;
    if (image === null) throw new ProviderError("no_image", "Say which image the machine starts from: `image`.");
    return configOf(plan, { image, guest: this.#guest(plan), volumeId: readRecord(plan.known).volumeId ?? null });
  }
}

const appOf = ({ owner, known }: Plan): string => readRecord(known).app ?? appNameOf(owner);

const isAliveAndOurs = (machine: FlyMachine, owner: Plan["owner"]): boolean =>
  chooseMachine([machine], owner) !== null && isTagged(machine.config?.metadata, owner);

const isRunning = (machine: FlyMachine): boolean => ["starting", "started"].includes(stateOf(machine) ?? "");
const isStill = (machine: FlyMachine): boolean =>
  ["created", "stopping", "stopped", "suspended", "failed"].includes(stateOf(machine) ?? "");

/** Whether a refusal may only mean that the machine is where it was asked to go already. */
const isStandstill = (error: unknown): boolean =>
  error instanceof ProviderError && (error.code === "unavailable" || error.code === "refused");
const isNameTaken = (error: unknown): boolean => error instanceof ProviderError && error.code === "name_taken";

const isSame = (one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean =>
  Object.keys(one).length === Object.keys(other).length && Object.keys(one).every((key) => one[key] === other[key]);

const appGone = (): ProviderError => new ProviderError("not_found", "The machine's app is gone at Fly.io.");
const machineGone = (): ProviderError => new ProviderError("not_found", "The machine is gone at Fly.io.");
const notOurs = (resource: string): ProviderError =>
  new ProviderError("refused", `${resource} is nothing that this platform made at Fly.io.`);
