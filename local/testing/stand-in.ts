import { launch } from "../launch.ts";
import { createProgress } from "../progress.ts";
import { runUntilStopped } from "../run.ts";
import { readSettings } from "../settings.ts";
import { launchSingle } from "../single.ts";

/** The launcher as `npm start` runs it, around Workers and a database that stand in for the real ones. */
await runUntilStopped(async () => {
  const parts = {
    version: "test",
    entries: {
      controlPlane: "local/testing/control-plane.js",
      durableObjects: "local/testing/durable-objects.js",
      keeper: "local/core/keeper.ts",
      router: "local/testing/router.js",
    },
    openDatabase: async () => ({ variables: {}, close: async () => {} }),
  };
  const settings = readSettings(process.env);
  const start = settings.single ? launchSingle : launch;
  return start(settings, parts, createProgress(process.stdout, process.stderr));
});
