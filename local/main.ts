import { launch } from "./launch.ts";
import { platformParts } from "./parts.ts";
import { createProgress } from "./progress.ts";
import { runUntilStopped } from "./run.ts";
import { readSettings } from "./settings.ts";

/** `npm start`: the whole platform on this computer, until it is told to stop. */
await runUntilStopped(async () => {
  const settings = readSettings(process.env);
  const progress = createProgress(process.stdout, process.stderr);
  return launch(settings, platformParts(settings), progress);
});
