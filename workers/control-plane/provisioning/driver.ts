import type { MachineDriverName, MachineSpec, MachineState } from "../../../contracts/machines.ts";

/** What a provider has made for one machine, by the driver's own names; kept word for word beside the machine. */
export type ProviderRecord = Readonly<Record<string, unknown>>;

/** For whom a driver works. Every resource it makes carries these as tags, and it adopts only what does. */
export interface Owner {
  /** Tells this installation from others at the same provider. */
  platformId: string;
  orgId: string;
  machineId: string;
  /** For people who look at the provider; never read back. */
  slug: string;
}

/** What a driver is asked to bring up, and what there is of it already. */
export interface Plan {
  owner: Owner;
  spec: MachineSpec;
  /** What earlier steps, or an attempt that was cut off, have made. */
  known: ProviderRecord;
  /** What the machine is told by its environment besides the spec's own: how it registers itself. No lasting secret is among it. */
  environment: Readonly<Record<string, string>>;
}

/** What a provider says of a machine. */
export interface Observed {
  /** Null when the provider is sure that there is none. */
  state: Exclude<MachineState, "destroyed" | "destroying"> | null;
  /** Where it answers, without a path; null while it does not. */
  origin: string | null;
  network: "host" | "public";
  region: string | null;
  /** Why it is as it is, such as an exit code; null where there is nothing to say. */
  reason: string | null;
}

/** One thing at a provider that carries our tag. */
export interface Resource {
  /** The driver's own name for it, such as `volume/vol_123`; what {@link Driver.remove} takes. */
  resource: string;
  orgId: string | null;
  machineId: string | null;
  /** Epoch milliseconds; null where the provider does not say. */
  createdAt: number | null;
}

export interface LogLine {
  /** Epoch milliseconds; null where the provider does not say. */
  at: number | null;
  text: string;
}

/**
 * What brings machines up at one provider. Every method may be called again after it was cut off at any point: what is
 * there already and carries the owner's tags is adopted (started before starting before stopped before created, then the
 * newest), and what is gone stays gone. Failures are `ProviderError`s; a method throws `not_found` only when the provider is
 * sure. Each call to a provider has a deadline of its own.
 */
export interface Driver {
  readonly name: MachineDriverName;
  readonly title: string;
  /** What it takes where the spec does not say; null where the provider decides. */
  readonly defaults: { image: string | null; size: string | null; regions: readonly string[] };
  readonly hasVolumes: boolean;
  /** Whether it is the machine that calls first, and `ready` waits for that instead of a probe. */
  readonly registersItself: boolean;

  /** What machines are grouped under. Returns the whole record. */
  prepare(plan: Plan): Promise<ProviderRecord>;
  /** A volume in a region where the machine can be; never a new, empty one over a known one. Returns the whole record. */
  makeVolume(plan: Plan): Promise<ProviderRecord>;
  /** The machine, not started, with its own volume in its own region. Returns the whole record. */
  makeMachine(plan: Plan): Promise<ProviderRecord>;
  /** Has it started, with this environment; does not wait until it is. */
  start(plan: Plan): Promise<void>;
  /** Has it stopped in good order; does not wait until it is. */
  stop(plan: Plan): Promise<void>;
  observe(plan: Plan): Promise<Observed>;
  /** Its last lines, oldest first. */
  logs(plan: Plan, limit: number): Promise<LogLine[]>;
  /** Removes machine, volume and what they were grouped under. Returns when all are confirmed absent; throws otherwise. */
  destroy(plan: Plan): Promise<void>;
  /** Everything that carries this installation's tag. Throws rather than leave anything out. */
  list(platformId: string): Promise<Resource[]>;
  /** Removes one of these. */
  remove(resource: Resource): Promise<void>;
}
