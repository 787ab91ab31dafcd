import { attempt, attempts, type CaseClass } from "../attempt.ts";
import type { Tried } from "../support/probe.ts";

/** Clocks that would be finer than the one a script is given. */
const FINER: Record<string, string> = {
  "a thread that counts": `typeof new Worker("data:text/javascript,0")`,
  "a shared counter that waits": `Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 1)`,
  "process.hrtime": `(() => { const steps = new Set(); for (let i = 0; i < 2_000; i++) steps.add(process.hrtime.bigint() % 1_000_000n); return steps.size > 2 ? "fine" : Promise.reject(new Error("coarse")); })()`,
  "the event loop's time": `import("node:" + "perf_hooks").then((m) => m.eventLoopUtilization().active)`,
};

export const timing: CaseClass = {
  name: "timing",
  cases: [
    attempt<number>({
      name: "the step of performance.now",
      expected: "no finer than a tenth of a millisecond",
      attack: async (stage) => {
        const tried = await stage.probe({
          step: `(() => { let step = Infinity, last = performance.now(); const until = Date.now() + 20; while (Date.now() < until) { const now = performance.now(); if (now > last) step = Math.min(step, now - last); last = now; } return step; })()`,
        });
        const value = tried.get("step")?.value;
        if (value === undefined) throw new Error(`No step was measured: ${tried.get("step")?.error}`);
        return value === "null" || value === "Infinity" ? Number.POSITIVE_INFINITY : Number(value);
      },
      judge: (stepMs) => (stepMs >= 0.1 ? null : `a step of ${stepMs} ms`),
      breach: 0.005,
    }),
    ...attempts<Tried>({
      names: Object.keys(FINER),
      expected: "not there, or as coarse",
      attack: (stage) => stage.probe(FINER, `import process from "node:process";`),
      judge: ({ value }) =>
        value === undefined || value === "0" || value === "(never settled)" ? null : `it gave ${value}`,
      breach: { value: "fine" },
    }),
  ],
};
