import type { Launched } from "./ground.ts";
import { StartError } from "./start-error.ts";

/** Time everything has to end after a signal, in milliseconds; what is left then is killed. */
const STOP_MAX_MS = 4_500;

/** Signals that come so close together are one, in milliseconds. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Runs what `start` starts until a signal comes or it fails, and ends the process: 0 after a signal, 1 after a
 * failure with one line on stderr.
 */
export async function runUntilStopped(start: () => Promise<Launched>): Promise<never> {
  const signal = firstSignal();
  try {
    const starting = start();
    const launched = await Promise.race([starting, signal]);
    if (launched === null) {
      // A start that fails now has only been overtaken: whoever stops a group of processes stops the new ones too.
      await withinStopTime(starting.then((late) => late.stop()).catch(() => {}));
      process.exit(0);
    }
    if (launched.setupLink !== null) console.log(`Nobody owns this place yet. Claim it at ${launched.setupLink}`);
    console.log(`ready ${launched.url}`);
    const failure = await Promise.race([signal, launched.failed]);
    await withinStopTime(launched.stop());
    if (failure instanceof Error) throw failure;
  } catch (error) {
    explain(error);
    process.exit(1);
  }
  process.exit(0);
}

/** Resolves when this process is to stop: at a signal, or when the process that started it is gone. */
function firstSignal(): Promise<null> {
  let askedAt: number | null = null;
  return new Promise((done) => {
    const ask = (): void => {
      // The terminal, npm and the start script each pass on the same Ctrl-C; only a later one is impatience.
      if (askedAt !== null && performance.now() - askedAt > SAME_SIGNAL_MS) process.exit(1);
      askedAt ??= performance.now();
      done(null);
    };
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, ask);
    process.on("disconnect", ask);
  });
}

async function withinStopTime(stopping: Promise<void>): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  // Children that are still there when this process ends are killed by the reaper.
  const limit = new Promise<void>((done) => {
    late = setTimeout(done, STOP_MAX_MS);
  });
  await Promise.race([stopping, limit]);
  clearTimeout(late);
}

function explain(error: unknown): void {
  if (error instanceof StartError) {
    console.error(error.line);
    if (process.env["ISOLA_VERBOSE"] && error.cause !== undefined) console.error(error.cause);
    return;
  }
  console.error(`isola: ${error instanceof Error ? error.message : String(error)} — report this with the lines below`);
  console.error(error);
}
