import { context, type BuildResult } from "esbuild";

import { bundleOptions } from "./bundle.ts";
import { platformParts, WORKER_ENTRIES } from "./parts.ts";
import { createProgress } from "./progress.ts";
import { runUntilStopped } from "./run.ts";
import { readSettings } from "./settings.ts";
import { launchSingle, type LaunchedSingle } from "./single.ts";
import type { WorkerCode } from "./workers.ts";

/** Time in which changes of several Workers become one reload, in milliseconds. */
const SETTLE_MS = 50;

/** `npm run dev`: the platform in one process, which follows the sources. */
await runUntilStopped(async () => {
  const settings = readSettings(process.env);
  const progress = createProgress(process.stdout, process.stderr);
  const platform = await launchSingle({ ...settings, single: true }, platformParts(settings), progress);
  await followSources(platform);
  progress.step("watching", "sources");
  return platform;
});

/** Bundles anew whatever changes; code that does not build leaves the running one alone. */
async function followSources(platform: LaunchedSingle): Promise<void> {
  const code: Partial<WorkerCode> = {};
  let reloads: NodeJS.Timeout | undefined;
  let changedAt = 0;
  let loaded = "";

  const reload = async (): Promise<void> => {
    const { controlPlane, durableObjects, keeper, router } = code;
    if (!controlPlane || !durableObjects || !keeper || !router) return;
    const next = { controlPlane, durableObjects, keeper, router };
    const text = JSON.stringify(next);
    const first = loaded === "";
    if (text === loaded) return;
    loaded = text;
    // The first round only finds what is running already.
    if (first) return;
    await platform.reload(next);
    console.log(`reloaded in ${Math.round(performance.now() - changedAt)} ms`);
  };
  const built = (name: keyof WorkerCode, { errors, outputFiles }: BuildResult): void => {
    for (const { text, location } of errors) {
      console.error(location === null ? text : `${location.file}:${location.line}:${location.column} ${text}`);
    }
    if (errors.length > 0) return;
    code[name] = outputFiles?.[0]?.text ?? "";
    clearTimeout(reloads);
    reloads = setTimeout(() => {
      reload().catch((error: unknown) => console.error("not reloaded:", error));
    }, SETTLE_MS);
  };
  for (const name of Object.keys(WORKER_ENTRIES) as (keyof WorkerCode)[]) {
    const watching = await context({
      ...bundleOptions(WORKER_ENTRIES[name]),
      plugins: [
        {
          name: "reload",
          setup: (build) => {
            build.onStart(() => {
              changedAt = performance.now();
            });
            build.onEnd((result) => built(name, result));
          },
        },
      ],
    });
    await watching.watch();
  }
}
