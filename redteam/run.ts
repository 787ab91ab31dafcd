import type { CaseClass } from "./attempt.ts";
import type { Stage } from "./support/stage.ts";

/** How one attempt ended. `broken`: it could not be tried or judged, which proves nothing. */
export interface Outcome {
  class: string;
  name: string;
  expected: string;
  outcome: "contained" | "escaped" | "broken";
  /** What got out, or why it could not be tried; empty when all is well. */
  detail: string;
  durationMs: number;
}

/** Makes every attempt of the classes, one after the other, and tells of each as it ends. */
export async function runClasses(
  classes: readonly CaseClass[],
  stage: Stage,
  tell: (outcome: Outcome) => void = () => {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name: className, cases } of classes) {
    for (const { name, expected, run } of cases) {
      const began = performance.now();
      const ended = await run(stage).then(
        (escape) => ({
          outcome: escape === null ? ("contained" as const) : ("escaped" as const),
          detail: escape ?? "",
        }),
        (error: unknown) => ({
          outcome: "broken" as const,
          detail: error instanceof Error ? error.message : String(error),
        }),
      );
      const outcome = { class: className, name, expected, ...ended, durationMs: performance.now() - began };
      outcomes.push(outcome);
      tell(outcome);
    }
  }
  return outcomes;
}
