import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CLASSES } from "./cases/index.ts";
import { startStage, type Stage } from "./support/stage.ts";

/** What waits for processes to die or not to die takes as long as all the rest; `npm run redteam` has it. */
const SLOW = new Set(["budgets", "life of the edges"]);
const QUICK = CLASSES.filter(({ name }) => !SLOW.has(name));

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage?.dispose());

describe.each(QUICK.map(({ name, cases }) => ({ name, cases })))("a hostile tenant, by way of $name", ({ cases }) => {
  it("does not get out", async () => {
    const escaped: string[] = [];
    for (const { name, run } of cases) {
      const escape = await run(stage);
      if (escape !== null) escaped.push(`${name}: ${escape}`);
    }
    expect(escaped).toEqual([]);
  });
});
