import { randomBytes } from "node:crypto";

export interface FakeVolume {
  id: string;
  name: string;
  region: string;
  state: string;
  size_gb: number;
  encrypted: boolean;
  created_at: string;
  attached_machine_id: string;
}

export interface FakeConfig {
  image: string;
  env?: Record<string, string>;
  metadata?: Record<string, string>;
  mounts?: { volume: string; path: string }[];
}

export interface FakeMachine {
  id: string;
  name: string;
  state: string;
  region: string;
  instance_id: string;
  created_at: string;
  updated_at: string;
  config: FakeConfig;
  events: {
    id: string;
    type: string;
    status: string;
    source: string;
    timestamp: number;
    request: Record<string, unknown>;
  }[];
}

export interface FakeApp {
  name: string;
  organisation: string;
  network: string;
  addresses: string[];
  volumes: FakeVolume[];
  machines: FakeMachine[];
}

export interface Lease {
  nonce: string;
  expiresAt: number;
}

/** A refusal, as the service words it. */
export class Refused extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, error: string, headers: Record<string, string> = {}) {
    super(error);
    this.status = status;
    this.headers = headers;
  }
}

const hex = (bytes: number): string => randomBytes(bytes).toString("hex");

/** What there is at the stand-in for Fly.io, and how it behaves. */
export class FlyState {
  readonly apps = new Map<string, FakeApp>();
  readonly leases = new Map<string, Lease>();
  /** Regions without room. */
  readonly full = new Set<string>();
  /** How long a machine takes to start, in milliseconds. */
  startMs = 10;
  machinesMax = 100;
  #made = 0;
  readonly #clock: () => number;

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  createApp(name: string, organisation: string, network: string): FakeApp {
    if (this.apps.has(name)) throw new Refused(422, "Validation failed: Name has already been taken");
    const app: FakeApp = { name, organisation, network, addresses: [], volumes: [], machines: [] };
    this.apps.set(name, app);
    return app;
  }

  getApp(name: string): FakeApp {
    const app = this.apps.get(name);
    if (app === undefined) throw new Refused(404, "Could not find App");
    return app;
  }

  createVolume(app: FakeApp, { name, region, size_gb }: { name: string; region: string; size_gb: number }): FakeVolume {
    if (this.full.has(region)) throw new Refused(400, "no capacity");
    const volume: FakeVolume = {
      id: `vol_${hex(8)}`,
      name,
      region,
      size_gb,
      state: "created",
      encrypted: true,
      created_at: this.#now(),
      attached_machine_id: "",
    };
    app.volumes.push(volume);
    return volume;
  }

  getVolume(app: FakeApp, id: string): FakeVolume {
    const volume = app.volumes.find((each) => each.id === id);
    if (volume === undefined) throw new Refused(404, "volume not found");
    return volume;
  }

  /** It can be seen for a while after that, as at the service. */
  deleteVolume(app: FakeApp, id: string): FakeVolume {
    const volume = this.getVolume(app, id);
    if (volume.attached_machine_id !== "") throw new Refused(412, "volume is currently bound to a machine");
    volume.state = "pending_destroy";
    return volume;
  }

  createMachine(app: FakeApp, input: { name: string; region: string; config: FakeConfig }): FakeMachine {
    const { name, region, config } = input;
    const taken = app.machines.find((each) => each.name === name && each.state !== "destroyed");
    if (taken !== undefined) {
      throw new Refused(409, `already_exists: unique machine name violation, machine ID ${taken.id} already exists`);
    }
    const count = [...this.apps.values()].reduce((sum, { machines }) => sum + machines.length, 0);
    if (count >= this.machinesMax)
      throw new Refused(403, "You have reached the quota of machines of this organization");
    if (config.image.startsWith("missing")) throw new Refused(400, "failed to get manifest: MANIFEST_UNKNOWN");
    if (this.full.has(region))
      throw new Refused(412, "insufficient resources to create new machine with existing volume");
    const volume = config.mounts?.[0] === undefined ? null : this.getVolume(app, config.mounts[0].volume);
    if (volume !== null && volume.region !== region) throw new Refused(412, "volume is in another region");
    if (volume !== null && volume.attached_machine_id !== "")
      throw new Refused(412, "volume is in use by another machine");
    const at = this.#now();
    const machine: FakeMachine = {
      id: hex(7),
      name,
      state: "created",
      region,
      config,
      instance_id: hex(8),
      created_at: at,
      updated_at: at,
      events: [],
    };
    if (volume !== null) volume.attached_machine_id = machine.id;
    app.machines.push(machine);
    this.note(machine, "launch", "created");
    return machine;
  }

  getMachine(app: FakeApp, id: string): FakeMachine {
    const machine = app.machines.find((each) => each.id === id);
    if (machine === undefined) throw new Refused(404, "machine not found");
    return machine;
  }

  start(machine: FakeMachine): void {
    if (!["created", "stopped", "suspended"].includes(machine.state)) {
      throw new Refused(412, `failed_precondition: unable to start machine from current state: '${machine.state}'`);
    }
    machine.state = "starting";
    this.note(machine, "start", "starting");
    setTimeout(() => this.#come(machine), this.startMs);
  }

  #come(machine: FakeMachine): void {
    if (machine.state !== "starting") return;
    machine.state = "started";
    this.note(machine, "start", "started");
    if (machine.config.image.startsWith("exits")) this.exit(machine, 1);
  }

  /** The program in a machine ends. */
  exit(machine: FakeMachine, code: number, oom = false): void {
    machine.state = "stopped";
    this.note(machine, "exit", "stopped", { exit_event: { exit_code: code, oom_killed: oom } });
  }

  stop(machine: FakeMachine): void {
    if (!["started", "starting"].includes(machine.state)) {
      throw new Refused(412, `failed_precondition: unable to stop machine from current state: '${machine.state}'`);
    }
    machine.state = "stopping";
    setTimeout(() => {
      if (machine.state === "stopping") this.exit(machine, 0);
    }, this.startMs);
  }

  deleteMachine(app: FakeApp, machine: FakeMachine): void {
    machine.state = "destroying";
    setTimeout(() => {
      machine.state = "destroyed";
      for (const volume of app.volumes) {
        if (volume.attached_machine_id === machine.id) volume.attached_machine_id = "";
      }
    }, this.startMs);
  }

  deleteApp(app: FakeApp): void {
    if (app.machines.some(({ state }) => state !== "destroyed")) throw new Refused(412, "the app still has machines");
    this.apps.delete(app.name);
  }

  note(machine: FakeMachine, type: string, status: string, request: Record<string, unknown> = {}): void {
    machine.events.unshift({ id: hex(6), type, status, source: "flyd", timestamp: Date.now(), request });
  }

  lease(machine: FakeMachine, seconds: number): Lease {
    const held = this.leases.get(machine.id);
    if (held !== undefined && held.expiresAt > this.#clock()) {
      throw new Refused(409, `machine ID ${machine.id} lease currently held by somebody else`);
    }
    const lease = { nonce: hex(6), expiresAt: this.#clock() + seconds * 1_000 };
    this.leases.set(machine.id, lease);
    return lease;
  }

  /** Refuses who does not hold the lease that somebody has. */
  requireLease(machine: FakeMachine, nonce: string | undefined): void {
    const held = this.leases.get(machine.id);
    if (held === undefined || held.expiresAt <= this.#clock() || held.nonce === nonce) return;
    throw new Refused(409, `machine ID ${machine.id} lease currently held by somebody else`);
  }

  /** Times that differ, so that what is newer is known. */
  #now(): string {
    this.#made += 1;
    return new Date(Date.now() + this.#made).toISOString();
  }
}
