import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CLASSES } from "./cases/index.ts";
import { startStage, type Stage } from "./support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage?.dispose());

describe.each(CLASSES.map(({ name, cases }) => ({ name, cases })))("a hostile tenant, by way of $name", ({ cases }) => {
  it("does not get out", async () => {
    const escaped: string[] = [];
    for (const { name, run } of cases) {
      const escape = await run(stage);
      if (escape !== null) escaped.push(`${name}: ${escape}`);
    }
    expect(escaped).toEqual([]);
  });
});
