import * as z from "zod";

import type { MachineState } from "../../../../contracts/machines.ts";
import type { Driver, LogLine, Observed, Plan, ProviderRecord, Resource } from "../driver.ts";
import { ProviderError } from "../provider-error.ts";
import { DockerApi, type Container, type DockerVolume } from "./docker-api.ts";
import {
  containerConfig,
  DEFAULT_SIZE,
  environmentDigest,
  isOwners,
  LABELS,
  labelsOf,
  nameOf,
  networkOf,
  VOLUME_PATH,
} from "./docker-config.ts";
import { readLog } from "./docker-logs.ts";
import type { ProviderFetch } from "./http.ts";

export interface DockerOptions {
  /** Such as `http://10.0.0.5:2375`; anything where `fetch` leads to a socket. */
  url: string;
  fetch: ProviderFetch;
  platformId: string;
  /** What machines start from where the spec does not say; null for nothing. */
  image: string | null;
  /** Host name or address under which published ports are reached. */
  publishedHost: string;
  timeoutMs?: number;
}

/** Time in which a container that is removed is gone, and the pause between two looks, in milliseconds. */
const GONE_MS = 15_000;
const GONE_LOOK_MS = 50;
/** Exit codes of a program that was asked to end. */
const ASKED_TO_END = new Set([0, 130, 137, 143]);
/** Name of a container that is to take another's place. */
const nextOf = (name: string): string => `${name}-next`;

const recordSchema = z.object({
  container: z.string().optional(),
  volume: z.string().optional(),
  /** Drawn when the volume was made: another one of the same name is not ours. */
  volumeMark: z.string().optional(),
});

/**
 * Machines as containers of a Docker Engine. What is made has a name that follows from the owner, so that it is found
 * again whatever was cut off; a container is known by its name, because another environment takes another container.
 */
export function dockerDriver(options: DockerOptions): Driver {
  return new DockerDriver(options);
}

class DockerDriver implements Driver {
  readonly name = "docker";
  readonly title = "Containers of a Docker Engine";
  readonly defaults: Driver["defaults"];
  readonly hasVolumes = true;
  readonly registersItself = false;
  readonly #api: DockerApi;
  readonly #options: DockerOptions;

  constructor(options: DockerOptions) {
    this.#api = new DockerApi(options);
    this.#options = options;
    this.defaults = { image: options.image, size: DEFAULT_SIZE, regions: [] };
  }

  async prepare({ owner, known }: Plan): Promise<ProviderRecord> {
    await this.#api.ensureNetwork(networkOf(owner), { [LABELS.platform]: owner.platformId });
    return { ...known, container: nameOf(owner) };
  }

  async makeVolume(plan: Plan): Promise<ProviderRecord> {
    const { owner, spec, known } = plan;
    if (spec.volumeGb === undefined) return known;
    if ((await this.#ownVolume(plan)) !== null) return known;
    const name = nameOf(owner);
    const volume =
      (await this.#api.findVolume(name)) ??
      (await this.#api.ensureVolume(name, { ...labelsOf(owner), [LABELS.mark]: crypto.randomUUID() }));
    const mark = volume.Labels[LABELS.mark];
    if (!isOwners(volume.Labels, owner) || mark === undefined) throw taken(name);
    return { ...known, volume: name, volumeMark: mark };
  }

  async makeMachine(plan: Plan): Promise<ProviderRecord> {
    const volume = await this.#ownVolume(plan);
    const container = await this.#findContainer(plan);
    if (container === null) await this.#createContainer(plan, nameOf(plan.owner));
    else requireOwnVolume(container, volume);
    return { ...plan.known, container: nameOf(plan.owner) };
  }

  async start(plan: Plan): Promise<void> {
    const volume = await this.#ownVolume(plan);
    const container = await this.#getContainer(plan);
    if (stateOf(container) === "started") return;
    requireOwnVolume(container, volume);
    const isAsWanted = container.Config.Labels[LABELS.environment] === (await environmentDigest(plan));
    if (!isAsWanted) await this.#replace(plan);
    const name = nameOf(plan.owner);
    try {
      await this.#api.startContainer(name);
    } catch (error) {
      const isItself = error instanceof ProviderError && (error.code === "refused" || error.code === "not_found");
      // The Engine words it alike whether the container is not there or the program in it.
      if (!isItself || (await this.#api.findContainer(name)) === null) throw error;
      throw new ProviderError("exited", error.message, { cause: error });
    }
  }

  async stop(plan: Plan): Promise<void> {
    const container = await this.#getContainer(plan);
    if (stateOf(container) === "started") await this.#api.stopContainer(nameOf(plan.owner));
  }

  async observe(plan: Plan): Promise<Observed> {
    const container = await this.#findContainer(plan);
    const common = { origin: null, network: "host", region: null, reason: null } as const;
    if (container === null) return { ...common, state: null };
    const state = stateOf(container);
    if (state === "started") return { ...common, state, origin: this.#originOf(container, plan) };
    return { ...common, state, reason: reasonOf(container) };
  }

  async logs(plan: Plan, limit: number): Promise<LogLine[]> {
    const { Id } = await this.#getContainer(plan);
    return readLog(await this.#api.logsOf(Id, limit)).slice(-limit);
  }

  async destroy({ owner }: Plan): Promise<void> {
    const wanted = { [LABELS.platform]: owner.platformId, [LABELS.machine]: owner.machineId };
    for (const { Id } of await this.#api.listContainers(wanted)) await this.#removeContainer(Id);
    for (const { Name } of await this.#api.listVolumes(wanted)) await this.#api.removeVolume(Name);
    const name = nameOf(owner);
    const left = [(await this.#api.findContainer(name))?.Config, await this.#api.findVolume(name)];
    if (left.some((each) => each != null && isOwners(each.Labels, owner))) throw stillThere();
  }

  async list(platformId: string): Promise<Resource[]> {
    const wanted = { [LABELS.platform]: platformId };
    const [containers, volumes] = await Promise.all([this.#api.listContainers(wanted), this.#api.listVolumes(wanted)]);
    return [
      ...containers.map(({ Id, Created, Labels }) => resource(`container/${Id}`, Labels, Created * 1_000)),
      ...volumes.map(({ Name, CreatedAt, Labels }) => resource(`volume/${Name}`, Labels, Date.parse(CreatedAt))),
    ];
  }

  async remove({ resource }: Resource): Promise<void> {
    const [kind, id = ""] = resource.split("/");
    const isContainer = kind === "container";
    const found = isContainer ? (await this.#api.findContainer(id))?.Config : await this.#api.findVolume(id);
    if (found == null) return;
    if (found.Labels[LABELS.platform] !== this.#options.platformId) {
      throw new ProviderError("refused", `${resource} is nothing that this platform made.`);
    }
    if (isContainer) await this.#removeContainer(id);
    else await this.#api.removeVolume(id);
  }

  async #createContainer(plan: Plan, name: string): Promise<void> {
    const { image: standard, publishedHost } = this.#options;
    const image = plan.spec.image ?? standard;
    if (image === null) throw new ProviderError("no_image", "Say which image the machine starts from: `image`.");
    const volume = readRecord(plan.known).volume ?? null;
    const config = await containerConfig(plan, { image, volume, publishedAddress: addressOf(publishedHost) });
    if (!(await this.#api.hasImage(image))) await this.#api.pullImage(image);
    try {
      await this.#api.createContainer(name, config);
    } catch (error) {
      if (isCode(error, "not_found")) throw new ProviderError("no_image", `There is no image ${image}.`);
      if (!isCode(error, "name_taken")) throw error;
      const made = await this.#api.findContainer(name);
      if (made === null || !isOwners(made.Config.Labels, plan.owner)) throw error;
    }
  }

  /** Has a container of another environment take its place; begun by one run, it is ended by the next. */
  async #replace(plan: Plan): Promise<void> {
    const name = nameOf(plan.owner);
    const next = nextOf(name);
    const left = await this.#api.findContainer(next);
    if (left !== null && !isOwners(left.Config.Labels, plan.owner)) throw taken(next);
    if (left !== null) await this.#removeContainer(next);
    await this.#createContainer(plan, next);
    await this.#removeContainer(name);
    await this.#api.renameContainer(next, name);
  }

  /** The owner's container; null where there is none for sure. Throws `name_taken` where it is another's. */
  async #findContainer({ owner }: Plan): Promise<Container | null> {
    const name = nameOf(owner);
    const container = (await this.#api.findContainer(name)) ?? (await this.#api.findContainer(nextOf(name)));
    if (container === null) return null;
    if (!isOwners(container.Config.Labels, owner)) throw taken(name);
    if (container.Name.replace(/^\//, "") !== name) await this.#api.renameContainer(container.Id, name);
    return container;
  }

  async #getContainer(plan: Plan): Promise<Container> {
    const container = await this.#findContainer(plan);
    if (container === null) throw new ProviderError("not_found", "The machine's container is gone.");
    return container;
  }

  /** The volume of the record; null where the record has none. Throws `wrong_volume` when it is not the one that it was. */
  async #ownVolume({ owner, known }: Plan): Promise<DockerVolume | null> {
    const { volume: name, volumeMark } = readRecord(known);
    if (name === undefined) return null;
    const volume = await this.#api.findVolume(name);
    if (volume !== null && isOwners(volume.Labels, owner) && volume.Labels[LABELS.mark] === volumeMark) return volume;
    throw new ProviderError("wrong_volume", "The machine's volume is gone; no empty one takes its place.");
  }

  async #removeContainer(name: string): Promise<void> {
    await this.#api.removeContainer(name);
    for (const until = Date.now() + GONE_MS; (await this.#api.findContainer(name)) !== null;) {
      if (Date.now() > until) throw stillThere();
      await new Promise((done) => setTimeout(done, GONE_LOOK_MS));
    }
  }

  #originOf({ NetworkSettings }: Container, { spec }: Plan): string | null {
    const port = NetworkSettings.Ports[`${spec.port}/tcp`]?.[0]?.HostPort ?? "";
    return port === "" ? null : `http://${this.#options.publishedHost}:${port}`;
  }
}

function readRecord(known: ProviderRecord): z.output<typeof recordSchema> {
  const parsed = recordSchema.safeParse(known);
  return parsed.success ? parsed.data : {};
}

/** The Engine's words for a container's state in ours. */
function stateOf({
  State: { Status, ExitCode, OOMKilled },
}: Container): Exclude<MachineState, "destroying" | "destroyed"> {
  switch (Status) {
    case "created":
      return "created";
    case "running":
      return "started";
    case "paused":
      return "suspended";
    case "restarting":
      return "starting";
    case "removing":
      return "stopping";
    case "exited":
      return ASKED_TO_END.has(ExitCode) && !OOMKilled ? "stopped" : "failed";
    default:
      return "failed";
  }
}

function reasonOf({ State: { Status, ExitCode, OOMKilled, Error: error } }: Container): string | null {
  if (Status !== "exited" && Status !== "dead") return null;
  if (OOMKilled) return "it took more memory than its size has";
  return error === "" ? `it ended with code ${ExitCode}` : error;
}

function requireOwnVolume({ Mounts }: Container, volume: DockerVolume | null): void {
  const mounted =
    Mounts.find(({ Type, Destination }) => Type === "volume" && Destination === VOLUME_PATH)?.Name ?? null;
  // What an image declares by itself has no name of ours.
  if (volume === null ? !(mounted?.startsWith("isola-") ?? false) : mounted === volume.Name) return;
  throw new ProviderError("wrong_volume", "The machine does not have its own volume.");
}

/** Where ports are published: on the address that they are reached by, and for a name on all there are. */
const addressOf = (host: string): string => (/^[\d.]+$|:/.test(host) ? host : "");

const resource = (name: string, labels: Readonly<Record<string, string>>, createdAt: number): Resource => ({
  resource: name,
  orgId: labels[LABELS.org] ?? null,
  machineId: labels[LABELS.machine] ?? null,
  createdAt: Number.isNaN(createdAt) ? null : createdAt,
});

const taken = (name: string): ProviderError =>
  new ProviderError("name_taken", `Docker has something called ${name} already that is not ours.`);

const stillThere = (): ProviderError => new ProviderError("unavailable", "What was to be removed is still there.");

const isCode = (error: unknown, code: ProviderError["code"]): boolean =>
  error instanceof ProviderError && error.code === code;
