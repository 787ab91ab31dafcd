import { join, relative } from "node:path";

import { PlatformError } from "../../contracts/errors.ts";
import type { BundleReader } from "../deploy/bundle.ts";
import { openBundler, stopBuilder, type Bundler } from "../deploy/bundler.ts";
import { findEntry, type Entry } from "../deploy/entry.ts";
import type { Upload } from "../deploy/upload.ts";
import { Changes } from "./changes.ts";

const INSTALLED = /(?:^|[\\/])node_modules[\\/]/;

/** The code of one script while somebody works on it: bundled on demand, and watched for the next save. */
export class Code {
  readonly #path: string;
  readonly #reader: BundleReader;
  readonly #changes = new Changes();
  #entry: Entry;
  #bundler: Bundler | null = null;

  /** `path` is what the person gave, and `entry` what it led to. */
  constructor(path: string, entry: Entry, reader: BundleReader) {
    this.#path = path;
    this.#entry = entry;
    this.#reader = reader;
  }

  /** Where the code begins; a folder's package.json may come to name another file. */
  get entry(): Entry {
    return this.#entry;
  }

  /** Bundles the code as it is now. Throws PlatformError as `bundle` does, and `invalid` when the entry is gone. */
  async build(): Promise<Upload> {
    const readAt = Date.now();
    try {
      const bundler = await this.#open();
      return await bundler.bundle();
    } finally {
      this.#changes.follow(this.#files(), readAt);
    }
  }

  /** Waits for a save: see {@link Changes.next}. */
  nextChange(signal: AbortSignal, timeoutMs?: number): Promise<number | null> {
    return this.#changes.next(signal, timeoutMs);
  }

  /** Whether a save waits already. */
  get hasChanged(): boolean {
    return this.#changes.pending;
  }

  /** Ends the watch and the builder's own process. */
  async close(): Promise<void> {
    this.#changes.close();
    await this.#bundler?.close();
    await stopBuilder();
  }

  async #open(): Promise<Bundler> {
    const entry = await findEntry(this.#path, this.#reader.cwd).catch((error: unknown) => {
      if (!(error instanceof PlatformError)) throw error;
      throw new PlatformError(error.code, `${error.message} It was there before; this waits until it is again.`);
    });
    if (this.#bundler !== null && entry.file === this.#entry.file) return this.#bundler;
    await this.#bundler?.close();
    this.#entry = entry;
    this.#bundler = await openBundler(entry, this.#reader);
    return this.#bundler;
  }

  #files(): Set<string> {
    const { file, root, isFolder } = this.#entry;
    // What is installed is not edited, and it is much.
    const own = [...(this.#bundler?.files() ?? [])].filter((path) => !INSTALLED.test(relative(root, path)));
    return new Set([...own, file, ...(isFolder ? [join(root, "package.json")] : [])]);
  }
}
