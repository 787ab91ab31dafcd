import type { Fault } from "./faults.ts";
import { startGuest, type Guest } from "./guest.ts";
import type { Kept } from "./holdings.ts";
import { say, type PracticeMachine } from "./resources.ts";

/** Time a practice machine needs to start, and to stop or be gone, in milliseconds. */
const START_MS = 60;
const STOP_MS = 20;

/** How practice machines come up, run and go. */
export interface MachineLife {
  start(machine: PracticeMachine, fault: Fault | null): void;
  stop(machine: PracticeMachine): void;
  /** Gone in a moment; shown as `destroying` until then. */
  destroy(machine: PracticeMachine): void;
  /** It ends by itself. */
  exit(machine: PracticeMachine, code: number): void;
  /** It is gone at once, without anybody having asked. */
  vanish(machine: PracticeMachine): void;
  /** Brings those back that ran when the provider itself was ended. */
  resume(): Promise<void>;
  /** Ends all programs and leaves what is written down. */
  close(): void;
}

/** @param kept what is written down; every change of a machine goes there */
export function machineLife({ holdings, keep }: Kept): MachineLife {
  const guests = new Map<string, Guest>();
  const timers = new Map<string, Set<NodeJS.Timeout>>();
  let closed = false;

  const move = (machine: PracticeMachine, state: PracticeMachine["state"]): void => {
    machine.state = state;
    machine.changedAt = Date.now();
    keep();
  };
  const later = (machine: PracticeMachine, ms: number, action: () => void): void => {
    const own = timers.get(machine.id) ?? new Set();
    timers.set(machine.id, own);
    const timer = setTimeout(() => {
      own.delete(timer);
      action();
    }, ms);
    own.add(timer);
  };
  const still = (machine: PracticeMachine): void => {
    for (const timer of timers.get(machine.id) ?? []) clearTimeout(timer);
    timers.delete(machine.id);
    guests.get(machine.id)?.stop();
    guests.delete(machine.id);
  };
  const open = async (machine: PracticeMachine, mood: "well" | "sick" | "silent"): Promise<void> => {
    const guest = await startGuest({
      about: {
        machine: machine.tags.machine,
        image: machine.image,
        region: machine.region,
        variables: Object.keys(machine.environment).toSorted(),
      },
      port: machine.port,
      mood,
      onLine: (text) => say(machine, text),
      onExit: (code) => life.exit(machine, code),
    });
    // Something else may have been asked of it meanwhile.
    if (closed || machine.state !== "starting") return guest.stop();
    guests.set(machine.id, guest);
    machine.port = guest.port;
    const volume = holdings.volumes.find(({ id }) => id === machine.volume);
    if (volume !== undefined) volume.writtenAt ??= Date.now();
    machine.firstStartedAt ??= Date.now();
    say(machine, `listening on port ${guest.port}`);
    move(machine, "started");
  };
  const moodOf = (fault: Fault | null) => (fault?.kind === "sick" || fault?.kind === "silent" ? fault.kind : "well");
  const fail = (machine: PracticeMachine, error: unknown): void => {
    say(machine, String(error));
    life.exit(machine, 1);
  };
  const life: MachineLife = {
    start: (machine, fault) => {
      if (["starting", "started", "destroying"].includes(machine.state)) return;
      still(machine);
      machine.exitCode = null;
      move(machine, "starting");
      if (fault?.kind === "exits") {
        later(machine, fault.ms, () => {
          for (const line of fault.lines) say(machine, line);
          life.exit(machine, 1);
        });
        // One that ends at once never answers; one that ends later does until then.
        if (fault.ms <= START_MS) return;
      }
      later(machine, fault?.kind === "slow" ? fault.ms : START_MS, () => {
        open(machine, moodOf(fault)).catch((error: unknown) => fail(machine, error));
      });
    },
    stop: (machine) => {
      if (machine.state !== "starting" && machine.state !== "started") return;
      still(machine);
      move(machine, "stopping");
      later(machine, STOP_MS, () => move(machine, "stopped"));
    },
    destroy: (machine) => {
      if (machine.state === "destroying") return;
      still(machine);
      move(machine, "destroying");
      later(machine, STOP_MS, () => life.vanish(machine));
    },
    exit: (machine, code) => {
      still(machine);
      machine.exitCode = code;
      say(machine, `ended with code ${code}`);
      move(machine, code === 0 ? "stopped" : "failed");
    },
    vanish: (machine) => {
      still(machine);
      const at = holdings.machines.indexOf(machine);
      if (at >= 0) holdings.machines.splice(at, 1);
      keep();
    },
    resume: async () => {
      for (const machine of holdings.machines.slice()) {
        if (machine.state === "destroying") life.vanish(machine);
        else if (machine.state === "stopping") move(machine, "stopped");
        else if (machine.state === "starting" || machine.state === "started") {
          machine.state = "starting";
          await open(machine, "well").catch((error: unknown) => fail(machine, error));
        }
      }
    },
    close: () => {
      closed = true;
      for (const machine of holdings.machines) still(machine);
    },
  };
  return life;
}
