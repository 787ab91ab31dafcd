import { context, stop, type Plugin } from "esbuild";

import { bundleRefusal, bundleSettings, toUpload, type BundleReader } from "./bundle.ts";
import type { Entry } from "./entry.ts";
import type { Upload } from "./upload.ts";

/** Bundles one entry again and again; what has not changed is not read twice. */
export interface Bundler {
  /** Throws PlatformError as `bundle` does. */
  bundle(): Promise<Upload>;
  /** Absolute paths of the files that the latest bundle was made of, or would have been had it not failed. */
  files(): ReadonlySet<string>;
  close(): Promise<void>;
}

/** Opens a bundler for an entry. Close it, and end the builder with {@link stopBuilder} when no other is open. */
export async function openBundler(entry: Entry, reader: BundleReader): Promise<Bundler> {
  let read = new Set<string>([entry.file]);
  let known: ReadonlySet<string> = read;
  // A failed build says nothing of its inputs, and those are the ones that will be mended.
  const recorder: Plugin = {
    name: "recorder",
    setup(build) {
      build.onStart(() => void (read = new Set([entry.file])));
      build.onLoad({ filter: /.*/, namespace: "file" }, ({ path }) => void read.add(path));
    },
  };
  const settings = bundleSettings(entry, reader);
  const builder = await context({ ...settings, plugins: [recorder, ...settings.plugins] });
  return {
    async bundle() {
      try {
        const result = await builder.rebuild();
        known = read;
        return await toUpload(result, reader);
      } catch (error) {
        known = new Set([...known, ...read]);
        throw await bundleRefusal(error, reader);
      }
    },
    files: () => known,
    close: () => builder.dispose(),
  };
}

/** Ends the builder's own process. */
export const stopBuilder = (): Promise<void> => stop();
