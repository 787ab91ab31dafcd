import type { Owner } from "../driver.ts";
import { ProviderError } from "../provider-error.ts";
import type { FlyMachine, FlyVolume } from "./fly-api.ts";
import { isTagged } from "./fly-names.ts";
import { isAlive, isUsable, stateOf } from "./fly-states.ts";

/** How good a machine is to go on with. */
const RANKS = ["started", "starting", "stopping", "suspended", "stopped", "created", "failed"] as const;

/**
 * The machine to go on with among those of an app, the same one whoever looks: what runs before what starts, stops,
 * stands and was only made, then the newest, then by its id. Null where none is there that carries the owner's tags.
 */
export function chooseMachine(
  machines: readonly FlyMachine[],
  owner: Pick<Owner, "platformId" | "machineId">,
): FlyMachine | null {
  const ours = machines.filter((machine) => isAlive(machine) && isTagged(machine.config?.metadata, owner));
  return (
    ours.sort((one, other) => rankOf(one) - rankOf(other) || byAge(other, one) || (one.id < other.id ? -1 : 1))[0] ??
    null
  );
}

const rankOf = (machine: FlyMachine): number => RANKS.indexOf(stateOf(machine) ?? "failed");

/**
 * The volume to go on with among those of an app that have its name: what the machine has, then the oldest, since one
 * that was made twice was never mounted a second time.
 */
export function chooseVolume(volumes: readonly FlyVolume[], name: string): FlyVolume | null {
  const usable = volumes.filter((volume) => isUsable(volume) && volume.name === name);
  const rank = ({ attached_machine_id }: FlyVolume): number => ((attached_machine_id ?? "") === "" ? 1 : 0);
  return (
    usable.sort((one, other) => rank(one) - rank(other) || byAge(one, other) || (one.id < other.id ? -1 : 1))[0] ?? null
  );
}

const byAge = (one: { created_at?: string | null | undefined }, other: typeof one): number =>
  (createdAtOf(one) ?? 0) - (createdAtOf(other) ?? 0);

/** When something was made, in epoch milliseconds; null where Fly.io does not say. */
export function createdAtOf({ created_at }: { created_at?: string | null | undefined }): number | null {
  const at = Date.parse(created_at ?? "");
  return Number.isNaN(at) ? null : at;
}

/**
 * Throws `wrong_volume` unless a machine has the volume that is known to be its own, in the region that both are in.
 *
 * @param volume null where the machine is to have none
 */
export function requireOwnVolume(machine: FlyMachine, volume: FlyVolume | null): void {
  const mounted = machine.config?.mounts?.[0]?.volume ?? null;
  if (mounted !== (volume?.id ?? null)) {
    const instead = mounted === null ? "no volume" : `the volume ${mounted}`;
    throw new ProviderError(
      "wrong_volume",
      `The machine has ${instead} instead of ${volume?.id ?? "none"}; it is not started.`,
    );
  }
  if (volume === null) return;
  const attached = volume.attached_machine_id ?? "";
  if (attached !== "" && attached !== machine.id) {
    throw new ProviderError("wrong_volume", `The volume ${volume.id} is in another machine; this one is not started.`);
  }
  if (volume.region != null && machine.region != null && volume.region !== machine.region) {
    const places = `in ${volume.region}, and the machine in ${machine.region}`;
    throw new ProviderError("wrong_volume", `The volume ${volume.id} is ${places}; it is not started.`);
  }
}
