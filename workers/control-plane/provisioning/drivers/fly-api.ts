import * as z from "zod";

import { FLY_LEASE_S, FLY_STOP_S, PROVIDER_CALL_MS } from "../../../../contracts/limits.ts";
import { ProviderError } from "../provider-error.ts";
import { flyErrorOf } from "./fly-errors.ts";
import { type ProviderAnswer, providerApi, type ProviderCall, type ProviderFetch } from "./http.ts";
import type { Pace } from "./pace.ts";

/** What the driver reads of Fly.io's answers; everything else in them is left alone. */
const appSchema = z.object({
  name: z.string(),
  organization: z.object({ slug: z.string() }).partial().nullish(),
});
const appsSchema = z.object({ apps: z.array(z.object({ name: z.string() })).nullish() });
const addressesSchema = z.object({ ips: z.array(z.object({ ip: z.string() })).nullish() });
const volumeSchema = z.object({
  id: z.string(),
  name: z.string().nullish(),
  region: z.string().nullish(),
  state: z.string().nullish(),
  created_at: z.string().nullish(),
  attached_machine_id: z.string().nullish(),
});
const eventSchema = z.object({
  type: z.string().nullish(),
  status: z.string().nullish(),
  source: z.string().nullish(),
  timestamp: z.number().nullish(),
  request: z
    .object({
      exit_event: z.object({ exit_code: z.number().nullish(), oom_killed: z.boolean().nullish() }).nullish(),
    })
    .nullish(),
});
const machineSchema = z.object({
  id: z.string(),
  name: z.string().nullish(),
  state: z.string(),
  region: z.string().nullish(),
  instance_id: z.string().nullish(),
  created_at: z.string().nullish(),
  config: z
    .object({
      env: z.record(z.string(), z.string()).nullish(),
      metadata: z.record(z.string(), z.string()).nullish(),
      mounts: z.array(z.object({ volume: z.string().nullish() })).nullish(),
    })
    .nullish(),
  events: z.array(eventSchema).nullish(),
});
const lease = z.object({ nonce: z.string() });
/** The document has the lease itself; the service wraps it. */
const leaseSchema = z.union([lease, z.object({ data: lease }).transform(({ data }) => data)]);

export type FlyApp = z.output<typeof appSchema>;
export type FlyVolume = z.output<typeof volumeSchema>;
export type FlyMachine = z.output<typeof machineSchema>;
export type FlyEvent = z.output<typeof eventSchema>;

export interface FlyGuest {
  cpu_kind: "shared" | "performance";
  cpus: number;
  memory_mb: number;
}

export interface FlyMachineConfig {
  image: string;
  env: Record<string, string>;
  guest: FlyGuest;
  metadata: Record<string, string>;
  services: {
    protocol: "tcp";
    internal_port: number;
    autostart: boolean;
    autostop: boolean;
    ports: { port: number; handlers: string[]; force_https?: boolean }[];
  }[];
  mounts?: { volume: string; path: string }[];
  restart: { policy: "on-failure"; max_retries: number };
  stop_config: { signal: string; timeout: string };
  auto_destroy: boolean;
}

export interface FlyApiOptions {
  token: string;
  baseUrl: string;
  fetch: ProviderFetch;
  pace: Pace;
  /** Deadline of one call, in milliseconds. */
  timeoutMs?: number;
}

/** A machine, and the app it is in. */
export interface MachinePath {
  app: string;
  id: string;
}

const LEASE_HEADER = "fly-machine-lease-nonce";

/**
 * The Machines API of Fly.io (https://docs.machines.dev), one method for each call that the driver makes. Calls about one
 * machine keep the pace that Fly.io asks for.
 */
export class FlyApi {
  readonly #call: (call: ProviderCall) => Promise<ProviderAnswer>;
  readonly #pace: Pace;
  readonly #timeoutMs: number;

  constructor({ token, baseUrl, fetch, pace, timeoutMs = PROVIDER_CALL_MS }: FlyApiOptions) {
    this.#pace = pace;
    this.#timeoutMs = timeoutMs;
    const api = providerApi({
      title: "Fly.io",
      baseUrl,
      fetch,
      timeoutMs,
      headers: { authorization: `Bearer ${token}` },
      explain: flyErrorOf,
    });
    this.#call = (call) => api.call(call);
  }

  async findApp(name: string): Promise<FlyApp | null> {
    return this.#find({ to: "show an app", path: appPath(name) }, appSchema);
  }

  /** @param network private to this app: machines of other orgs are not reached through it */
  async createApp(name: string, organisation: string, network: string): Promise<void> {
    const json = { app_name: name, org_slug: organisation, network };
    await this.#call({ to: "make an app", method: "POST", path: "/apps", json });
  }

  async deleteApp(name: string): Promise<void> {
    await this.#call({ to: "remove an app", method: "DELETE", path: appPath(name), accepts: [404] });
  }

  /** Throws `unauthorized` where the token does not let us look into the organisation. */
  async listApps(organisation: string): Promise<string[]> {
    const found = await this.#find(
      { to: "list the apps", path: "/apps", query: { org_slug: organisation } },
      appsSchema,
    );
    if (found !== null) return (found.apps ?? []).map(({ name }) => name);
    throw new ProviderError("unauthorized", "Fly.io does not show the platform its organisation; see FLY_ORG.");
  }

  /**
   * Whether an app is gone for sure. Fly.io answers alike for what is not there and for what the token may not see, so
   * its word counts only while it shows the organisation.
   */
  async isGone(app: string, organisation: string): Promise<boolean> {
    if ((await this.findApp(app)) !== null) return false;
    if (!(await this.listApps(organisation)).includes(app)) return true;
    throw new ProviderError("unavailable", "Fly.io says of an app both that it is there and that it is not.");
  }

  /** Addresses under which an app is reached; null where the API knows of none at all. */
  async listAddresses(app: string): Promise<string[] | null> {
    const found = await this.#find(
      { to: "list an app's addresses", path: `${appPath(app)}/ip_assignments` },
      addressesSchema,
    );
    return found === null ? null : (found.ips ?? []).map(({ ip }) => ip);
  }

  async assignAddress(app: string): Promise<void> {
    const json = { type: "shared_v4" };
    await this.#call({ to: "give an app an address", method: "POST", path: `${appPath(app)}/ip_assignments`, json });
  }

  /** Volumes of an app; null when there is no such app. */
  async listVolumes(app: string): Promise<FlyVolume[] | null> {
    return this.#find({ to: "list the volumes", path: `${appPath(app)}/volumes` }, z.array(volumeSchema));
  }

  async findVolume(app: string, id: string): Promise<FlyVolume | null> {
    return this.#find({ to: "show a volume", path: volumePath(app, id) }, volumeSchema);
  }

  async createVolume(
    app: string,
    volume: { name: string; region: string; size_gb: number; compute: FlyGuest },
  ): Promise<FlyVolume> {
    const json = { ...volume, encrypted: true, require_unique_zone: false };
    const path = `${appPath(app)}/volumes`;
    return this.#read({ to: "make a volume", method: "POST", path, json }, volumeSchema);
  }

  async deleteVolume(app: string, id: string): Promise<void> {
    await this.#call({ to: "remove a volume", method: "DELETE", path: volumePath(app, id), accepts: [404] });
  }

  /** Machines of an app; null when there is no such app. */
  async listMachines(app: string): Promise<FlyMachine[] | null> {
    return this.#find({ to: "list the machines", path: `${appPath(app)}/machines` }, z.array(machineSchema));
  }

  async findMachine(machine: MachinePath): Promise<FlyMachine | null> {
    await this.#pace.turn(machine.id);
    return this.#holding(machine.id, () =>
      this.#find({ to: "show a machine", path: machinePath(machine) }, machineSchema),
    );
  }

  /** Makes a machine that is not started. */
  async createMachine(
    app: string,
    machine: { name: string; region: string; config: FlyMachineConfig },
  ): Promise<FlyMachine> {
    const json = { ...machine, skip_launch: true };
    const path = `${appPath(app)}/machines`;
    return this.#read({ to: "make a machine", method: "POST", path, json }, machineSchema);
  }

  /** Gives a machine that does not run another configuration; it stays stopped. */
  async updateMachine(machine: MachinePath, config: FlyMachineConfig, nonce: string): Promise<void> {
    const json = { config, skip_launch: true };
    await this.#change(machine, { to: "change a machine", method: "POST", path: machinePath(machine), json }, nonce);
  }

  async startMachine(machine: MachinePath, nonce: string): Promise<void> {
    await this.#change(
      machine,
      { to: "start a machine", method: "POST", path: `${machinePath(machine)}/start` },
      nonce,
    );
  }

  async stopMachine(machine: MachinePath, nonce: string): Promise<void> {
    const json = { signal: "SIGTERM", timeout: `${FLY_STOP_S}s` };
    await this.#change(
      machine,
      { to: "stop a machine", method: "POST", path: `${machinePath(machine)}/stop`, json },
      nonce,
    );
  }

  /** Removes a machine, running or not. */
  async deleteMachine(machine: MachinePath, nonce: string | null): Promise<void> {
    const call = { to: "remove a machine", method: "DELETE", path: machinePath(machine), accepts: [404] } as const;
    await this.#change(machine, { ...call, query: { force: true } }, nonce);
  }

  /** Has the answer held until a machine is in a state; false when it is not in time, or cannot be any more. */
  async waitFor(
    machine: MachinePath,
    state: "started" | "stopped" | "destroyed",
    seconds: number,
    instanceId: string | null,
  ): Promise<boolean> {
    const query = { state, timeout: seconds, instance_id: instanceId ?? undefined };
    await this.#pace.turn(machine.id);
    const { status } = await this.#holding(machine.id, () =>
      this.#call({
        to: "wait for a machine",
        path: `${machinePath(machine)}/wait`,
        query,
        accepts: [400, 404, 408, 412],
        timeoutMs: this.#timeoutMs + seconds * 1_000,
      }),
    );
    return status < 300;
  }

  async listEvents(machine: MachinePath): Promise<FlyEvent[]> {
    await this.#pace.turn(machine.id);
    return this.#holding(machine.id, () =>
      this.#read({ to: "list a machine's events", path: `${machinePath(machine)}/events` }, z.array(eventSchema)),
    );
  }

  /** Takes the right to change a machine, and answers by what it is used; null when another has it. */
  async takeLease(machine: MachinePath): Promise<string | null> {
    const json = { description: "isola", ttl: FLY_LEASE_S };
    await this.#pace.turn(machine.id);
    const call = { to: "lease a machine", method: "POST", path: `${machinePath(machine)}/lease`, json } as const;
    const answer = await this.#holding(machine.id, () => this.#call({ ...call, accepts: [409] }));
    return answer.status === 409 ? null : parse(call, answer, leaseSchema).nonce;
  }

  async releaseLease(machine: MachinePath, nonce: string): Promise<void> {
    const path = `${machinePath(machine)}/lease`;
    const headers = { [LEASE_HEADER]: nonce };
    await this.#call({ to: "release a machine", method: "DELETE", path, headers, accepts: [404] });
  }

  async #change(machine: MachinePath, call: ProviderCall, nonce: string | null): Promise<void> {
    await this.#pace.turn(machine.id);
    const headers = nonce === null ? {} : { [LEASE_HEADER]: nonce };
    await this.#holding(machine.id, () => this.#call({ ...call, headers }));
  }

  /** Leaves a machine alone for as long as Fly.io wants, once it has said so. */
  async #holding<T>(machine: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ProviderError && error.retryAfterMs !== null) this.#pace.hold(machine, error.retryAfterMs);
      throw error;
    }
  }

  async #read<S extends z.ZodType>(call: ProviderCall, schema: S): Promise<z.output<S>> {
    return parse(call, await this.#call(call), schema);
  }

  async #find<S extends z.ZodType>(call: ProviderCall, schema: S): Promise<z.output<S> | null> {
    const answer = await this.#call({ ...call, accepts: [404] });
    return answer.status === 404 ? null : parse(call, answer, schema);
  }
}

const appPath = (name: string): string => `/apps/${encodeURIComponent(name)}`;
const volumePath = (app: string, id: string): string => `${appPath(app)}/volumes/${encodeURIComponent(id)}`;
const machinePath = ({ app, id }: MachinePath): string => `${appPath(app)}/machines/${encodeURIComponent(id)}`;

/** What was asked may have been done by who answers what nobody understands. */
function parse<S extends z.ZodType>({ to }: ProviderCall, answer: ProviderAnswer, schema: S): z.output<S> {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  throw new ProviderError("unreachable", `Fly.io answered something unknown when it was asked to ${to}.`);
}
