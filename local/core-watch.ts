import type { Core } from "./core.ts";
import { signalProcess } from "./processes.ts";

/** Pause between two looks at the core, in milliseconds. */
const LOOK_MS = 1_000;
/** Time for one answer, in milliseconds; less than the pause, so that each look counts for one. */
const BEAT_MS = 800;
/** Silence after which the core's runtime is killed, so that Miniflare starts it again, in milliseconds. */
export const CORE_HUNG_MS = 10_000;
/** Silence after which the platform gives up, in milliseconds. */
export const CORE_LOST_MS = 40_000;
/** Pause between two ticks of the control plane's clock, in milliseconds. */
const TICK_INTERVAL_MS = 60_000;

/** Looks after the core while the platform runs. */
export interface CoreWatch {
  /** Resolves when the core does not come back. */
  failed: Promise<Error>;
  stop(): void;
}

/** What to do about a core that has been silent for so long, and was or was not killed for it already. */
export function judgeCore(silentMs: number, killed: boolean): "wait" | "kill" | "give up" {
  if (silentMs >= CORE_LOST_MS) return "give up";
  return silentMs >= CORE_HUNG_MS && !killed ? "kill" : "wait";
}

/**
 * Gives the control plane its clock, and watches that the core answers. A dead one is restarted by Miniflare; a hung
 * one is killed, which comes to the same. It has far more time than an edge: it runs nobody's code but ours.
 */
export function watchCore(core: Core, onNotice: (text: string) => void): CoreWatch {
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
  let silentMs = 0;
  let killed = false;
  let asking = false;

  const look = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    try {
      await core.beat(BEAT_MS);
      if (silentMs > 0) tick();
      silentMs = 0;
      killed = false;
    } catch {
      silentMs += LOOK_MS;
    } finally {
      asking = false;
    }
    const verdict = judgeCore(silentMs, killed);
    const pid = core.pid();
    if (verdict === "give up") fail(new Error("the state process does not come back"));
    if (verdict === "kill" && pid !== null) {
      killed = true;
      onNotice("the state process is hung: killed and started again");
      signalProcess(pid, "SIGKILL");
    }
  };
  const looks = setInterval(() => void look(), LOOK_MS);
  const tick = (): void => {
    core.tick().catch((error: unknown) => onNotice(`the control plane's clock work failed: ${String(error)}`));
  };
  const ticks = setInterval(tick, TICK_INTERVAL_MS);
  // What an earlier life of the core has left undone does not wait for the minute to be over.
  tick();
  return {
    failed,
    stop: () => {
      clearInterval(looks);
      clearInterval(ticks);
    },
  };
}
