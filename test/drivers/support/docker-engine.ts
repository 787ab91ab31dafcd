import { randomBytes } from "node:crypto";

import type { ContainerConfig, Understood } from "./docker-requests.ts";

interface Volume {
  Name: string;
  CreatedAt: string;
  Labels: Record<string, string> | null;
}

export interface FakeContainer {
  Id: string;
  Name: string;
  createdAt: number;
  config: ContainerConfig;
  status: "created" | "running" | "exited" | "removing";
  exitCode: number;
  oomKilled: boolean;
  hostPort: number | null;
  lines: { at: number; text: string; stream: 1 | 2 }[];
}

/** What is asked about one container. */
type ContainerRequest = Exclude<Extract<Understood["request"], `${string}Container` | "logsOf">, "createContainer">;

/** What the Engine answers: JSON, or bytes as they are. */
export interface EngineAnswer {
  status: number;
  json?: unknown;
  bytes?: Uint8Array;
}

/** Images in its registry, and what becomes of a container of each. */
const IMAGES = ["web:1", "web:2", "ends:1", "broken:1", "registry.example.com:5000/team/web:1"];
const REMOVE_MS = 15;

/** What a Docker Engine remembers and does, as far as the driver can tell. */
export class DockerEngine {
  readonly networks = new Map<string, { Name: string; Options: Record<string, string> }>();
  readonly volumes = new Map<string, Volume>();
  readonly containers: FakeContainer[] = [];
  /** Images that are here already. */
  readonly images = new Set<string>();
  pulls = 0;
  /** Port that the next container is published on. */
  nextPort = 49_152;
  #made = 0;

  answer({ request, id, query, body }: Understood): EngineAnswer {
    switch (request) {
      case "findNetwork":
        return this.networks.has(id) ? ok(this.networks.get(id)) : none(`network ${id} not found`);
      case "createNetwork": {
        if (this.networks.has(body.Name)) return conflict(`network with name ${body.Name} already exists`);
        this.networks.set(body.Name, body);
        return { status: 201, json: { Id: hex(32), Warning: "" } };
      }
      case "findImage":
        return this.images.has(id) ? ok({ Id: `sha256:${hex(32)}` }) : none(`No such image: ${id}`);
      case "pullImage":
        return this.#pull(`${query.fromImage}:${query.tag}`);
      case "createVolume": {
        const volume = this.#volume(body.Name, body.Labels);
        return { status: 201, json: volume };
      }
      case "findVolume":
        return this.volumes.has(id) ? ok(this.volumes.get(id)) : none(`get ${id}: no such volume`);
      case "listVolumes": {
        const found = [...this.volumes.values()].filter(({ Labels }) => carries(Labels, query.filters.label));
        return ok({ Volumes: found.length === 0 ? null : found, Warnings: null });
      }
      case "removeVolume": {
        if (!this.volumes.has(id)) return none(`get ${id}: no such volume`);
        const user = this.containers.find(({ config }) => config.HostConfig.Mounts.some(({ Source }) => Source === id));
        if (user !== undefined) return conflict(`remove ${id}: volume is in use - [${user.Id}]`);
        this.volumes.delete(id);
        return { status: 204 };
      }
      case "createContainer":
        return this.#create(query.name, body);
      case "listContainers":
        return ok(this.containers.filter(({ config }) => carries(config.Labels, query.filters.label)).map(listed));
      case "findContainer":
      case "startContainer":
      case "stopContainer":
      case "renameContainer":
      case "logsOf":
      case "removeContainer":
        break;
    }
    return this.#withContainer(request, id, query);
  }

  find(name: string): FakeContainer | undefined {
    return this.containers.find(({ Id, Name }) => Id === name || Name === name);
  }

  /** The program in a container ends. */
  exit(container: FakeContainer, code: number, oomKilled = false): void {
    Object.assign(container, { status: "exited", exitCode: code, oomKilled, hostPort: null });
  }

  vanish(container: FakeContainer): void {
    const at = this.containers.indexOf(container);
    if (at >= 0) this.containers.splice(at, 1);
  }

  #withContainer(request: ContainerRequest, id: string, query: { name?: string; tail?: string }): EngineAnswer {
    const container = this.find(id);
    if (container === undefined) return none(`No such container: ${id}`);
    switch (request) {
      case "findContainer":
        return ok(inspected(container));
      case "startContainer":
        return this.#start(container);
      case "stopContainer":
        if (container.status !== "running") return { status: 304 };
        this.exit(container, 143);
        return { status: 204 };
      case "renameContainer":
        if (this.find(query.name ?? "") !== undefined) return conflict(inUse(query.name ?? ""));
        container.Name = query.name ?? "";
        return { status: 204 };
      case "logsOf":
        return { status: 200, bytes: framed(container.lines.slice(-Number(query.tail))) };
      case "removeContainer":
        break;
    }
    if (container.status === "removing") return conflict(`removal of container ${container.Id} is already in progress`);
    container.status = "removing";
    setTimeout(() => this.vanish(container), REMOVE_MS);
    return { status: 204 };
  }

  #pull(image: string): EngineAnswer {
    this.pulls += 1;
    if (!IMAGES.includes(image)) return none(`pull access denied for ${image}, repository does not exist`);
    this.images.add(image);
    const steps = ["Pulling from library", "Downloading", "Pull complete"].map((status) => JSON.stringify({ status }));
    return { status: 200, bytes: new TextEncoder().encode(`${steps.join("\r\n")}\r\n`) };
  }

  #volume(name: string, labels: Record<string, string> | null): Volume {
    const there = this.volumes.get(name);
    if (there !== undefined) return there;
    const volume = { Name: name, CreatedAt: new Date().toISOString(), Labels: labels };
    this.volumes.set(name, volume);
    return volume;
  }

  #create(name: string, config: ContainerConfig): EngineAnswer {
    if (!this.images.has(config.Image)) return none(`No such image: ${config.Image}`);
    if (this.find(name) !== undefined) return conflict(inUse(name));
    // A volume that is not there is made, empty and without a word.
    for (const { Source } of config.HostConfig.Mounts) this.#volume(Source, null);
    this.#made += 1;
    const container: FakeContainer = {
      Id: hex(32),
      Name: name,
      createdAt: Date.now() + this.#made,
      config,
      status: "created",
      exitCode: 0,
      oomKilled: false,
      hostPort: null,
      lines: [],
    };
    this.containers.push(container);
    return { status: 201, json: { Id: container.Id, Warnings: [] } };
  }

  #start(container: FakeContainer): EngineAnswer {
    if (container.status === "running") return { status: 304 };
    if (container.status === "removing") return conflict(`container ${container.Id} is marked for removal`);
    const network = container.config.HostConfig.NetworkMode;
    if (!this.networks.has(network)) return none(`network ${network} not found`);
    if (container.config.Image.startsWith("broken")) {
      return { status: 400, json: { message: 'exec: "serve": executable file not found in $PATH: unknown' } };
    }
    container.status = "running";
    container.hostPort = this.nextPort++;
    const now = Date.now();
    container.lines.push({ at: now, text: "starting", stream: 1 }, { at: now + 1, text: "no settings", stream: 2 });
    if (container.config.Image.startsWith("ends")) this.exit(container, 1);
    return { status: 204 };
  }
}

function inspected(container: FakeContainer): unknown {
  const { Id, Name, createdAt, config, status, exitCode, oomKilled, hostPort } = container;
  const [port = ""] = Object.keys(config.ExposedPorts);
  return {
    Id,
    Name: `/${Name}`,
    Created: new Date(createdAt).toISOString(),
    State: {
      Status: status,
      ExitCode: exitCode,
      OOMKilled: oomKilled,
      Error: "",
      FinishedAt: "0001-01-01T00:00:00Z",
    },
    Config: { Labels: config.Labels, Env: config.Env, Image: config.Image },
    HostConfig: config.HostConfig,
    Mounts: config.HostConfig.Mounts.map(({ Type, Source, Target }) => ({ Type, Name: Source, Destination: Target })),
    NetworkSettings: {
      Ports: hostPort === null ? {} : { [port]: [{ HostIp: "127.0.0.1", HostPort: `${hostPort}` }] },
    },
  };
}

const listed = ({ Id, Name, createdAt, config, status }: FakeContainer): unknown => ({
  Id,
  Names: [`/${Name}`],
  Created: Math.floor(createdAt / 1_000),
  Labels: config.Labels,
  State: status,
});

/** Lines as the Engine sends them: frames of either stream, with a header of eight bytes each. */
function framed(lines: FakeContainer["lines"]): Uint8Array {
  return Buffer.concat(
    lines.flatMap(({ at, text, stream }) => {
      const body = Buffer.from(`${new Date(at).toISOString().replace("Z", "000000Z")} ${text}\n`);
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(body.length, 4);
      return [header, body];
    }),
  );
}

const carries = (labels: Record<string, string> | null, wanted: string[]): boolean =>
  wanted.every((each) => labels?.[each.split("=")[0] ?? ""] === each.slice(each.indexOf("=") + 1));
const hex = (bytes: number): string => randomBytes(bytes).toString("hex");
const ok = (json: unknown): EngineAnswer => ({ status: 200, json });
const none = (message: string): EngineAnswer => ({ status: 404, json: { message } });
const conflict = (message: string): EngineAnswer => ({ status: 409, json: { message } });
const inUse = (name: string): string =>
  `Conflict. The container name "/${name}" is already in use by container "${hex(32)}". You have to remove (or rename) it.`;
