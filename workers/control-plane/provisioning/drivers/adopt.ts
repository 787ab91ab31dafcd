import type { MachineState } from "../../../../contracts/machines.ts";

/** How good a machine is to go on with. */
const RANKS: readonly MachineState[] = ["started", "starting", "stopping", "suspended", "stopped", "created", "failed"];

/** What adoption looks at. */
export interface Candidate {
  id: string;
  state: MachineState;
  /** Epoch milliseconds. */
  createdAt: number;
}

/**
 * The machine to go on with among those that carry the owner's tags, the same one whoever looks: what runs before what
 * starts, what starts before what stands, then the newest, then by id. Null where there is none, or only such as go.
 */
export function chooseMachine<T extends Candidate>(machines: readonly T[]): T | null {
  const rank = ({ state }: Candidate): number => RANKS.indexOf(state);
  const standing = machines.filter((machine) => rank(machine) >= 0);
  return standing.toSorted((one, other) => rank(one) - rank(other) || byAge(other, one))[0] ?? null;
}

/** The volume to go on with: the oldest, since one that was made twice was never mounted a second time. */
export function chooseVolume<T extends Omit<Candidate, "state">>(volumes: readonly T[]): T | null {
  return volumes.toSorted(byAge)[0] ?? null;
}

const byAge = (one: Omit<Candidate, "state">, other: Omit<Candidate, "state">): number =>
  one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1);
