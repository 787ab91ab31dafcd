import { launch } from "./launch.ts";
import { platformParts } from "./parts.ts";
import { createProgress } from "./progress.ts";
import { runUntilStopped } from "./run.ts";
import { readSettings } from "./settings.ts";
import { launchSingle } from "./single.ts";

/** `npm start`: the whole platform on this computer, until it is told to stop. */
await runUntilStopped(async () => {
  const settings = readSettings(process.env);
  const progress = createProgress(process.stdout, process.stderr);
  const start = settings.single ? launchSingle : launch;
  return start(settings, platformParts(settings), progress);
});
