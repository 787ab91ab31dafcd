import { measureClock } from "./events/clock.ts";
import { measureData } from "./events/data.ts";
import { measureDeliveries } from "./events/deliveries.ts";
import { startEventStage } from "./events/stage.ts";
import type { Suite } from "./main.ts";
import { loadGenerator } from "./support/load.ts";

/** What scripts get out of their data, and how soon and how often events reach them. */
export const suite: Suite = {
  summary: "kv and docs from scripts, events to handlers, and schedules",
  async run(report) {
    report(`load by ${loadGenerator}`);
    const stage = await startEventStage();
    try {
      const deliveries = await measureDeliveries(stage, report);
      const data = await measureData(stage, report);
      const clock = await measureClock(stage, report);
      return { loadGenerator, ...deliveries, ...data, ...clock };
    } finally {
      await stage.platform.dispose();
    }
  },
};
