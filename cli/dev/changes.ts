import { statSync, watch, type FSWatcher, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";

import { PlatformError } from "../../contracts/errors.ts";

/** No word for this long, in milliseconds, and a save is over. */
const QUIET_MS = 20;
/** A save that goes on and on is taken as it is after this long, in milliseconds. */
const SETTLE_MS_MAX = 200;
/** Clocks of files go in steps of this size, in milliseconds. */
const CLOCK_STEP_MS = 10;
/** Files that decide how others are read, whoever imports them. */
const SETTINGS_FILE = /^(?:package\.json|tsconfig.*\.json)$/;

interface Watched {
  watcher: FSWatcher;
  /** Of the folder; one that was removed and made again is another. */
  inode: number;
}

/**
 * Changes of a set of files. Their folders are watched, not the files: editors that save by
 * renaming put another file in the place of the one that would be watched.
 */
export class Changes {
  #folders = new Map<string, Watched>();
  #files: ReadonlySet<string> = new Set();
  #changedAt: number | null = null;
  #heardAt = 0;
  #wake: () => void = () => {};

  /**
   * Follows these files from now on, and no others. What was written since `readAt` (epoch
   * milliseconds) into a folder that was not watched yet counts as a change. Folders that are not there are left out.
   */
  follow(files: ReadonlySet<string>, readAt: number): void {
    this.#files = files;
    const wanted = new Map<string, string[]>();
    for (const file of files) {
      const folder = dirname(file);
      wanted.set(folder, [...(wanted.get(folder) ?? []), file]);
    }
    for (const [folder, { watcher, inode }] of this.#folders) {
      if (wanted.has(folder) && inodeOf(folder) === inode) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const [folder, members] of wanted) {
      if (this.#folders.has(folder) || !this.#watch(folder)) continue;
      if (members.some((file) => (statOf(file)?.mtimeMs ?? 0) >= readAt - CLOCK_STEP_MS)) this.#note();
    }
  }

  /**
   * Waits for the next change and until the save is over. Answers when it began (of
   * `performance.now()`), or null when the signal aborts or `timeoutMs` pass first.
   */
  async next(signal: AbortSignal, timeoutMs = Infinity): Promise<number | null> {
    if (this.#changedAt === null) await this.#wait(signal, timeoutMs);
    const began = this.#changedAt;
    if (began === null) return null;
    for (let now = began; !signal.aborted && now < began + SETTLE_MS_MAX; now = performance.now()) {
      const quietAt = this.#heardAt + QUIET_MS;
      if (now >= quietAt) break;
      await new Promise((resolve) => {
        setTimeout(resolve, quietAt - now);
      });
    }
    this.#changedAt = null;
    return began;
  }

  /** Whether there was a change that nobody has waited for yet. */
  get pending(): boolean {
    return this.#changedAt !== null;
  }

  close(): void {
    for (const { watcher } of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #watch(folder: string): boolean {
    const inode = inodeOf(folder);
    if (inode === null) return false;
    const watcher = openWatcher(folder, (name) => {
      if (name === null || this.#concerns(folder, name)) this.#note();
    });
    if (watcher === null) return false;
    // A folder that goes away ends its watch; the build that fails for it tells the person.
    watcher.on("error", () => this.#note());
    this.#folders.set(folder, { watcher, inode });
    return true;
  }

  #concerns(folder: string, name: string): boolean {
    // A folder that is removed or renamed says its own name.
    return this.#files.has(join(folder, name)) || SETTINGS_FILE.test(name) || name === basename(folder);
  }

  #note(): void {
    this.#heardAt = performance.now();
    this.#changedAt ??= this.#heardAt;
    this.#wake();
  }

  async #wait(signal: AbortSignal, timeoutMs: number): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    this.#wake = wake;
    signal.addEventListener("abort", wake, { once: true });
    const timer = Number.isFinite(timeoutMs) ? setTimeout(wake, timeoutMs) : undefined;
    await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
    this.#wake = () => {};
  }
}

function openWatcher(folder: string, onChange: (name: string | null) => void): FSWatcher | null {
  try {
    return watch(folder, (_event, name) => onChange(name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new PlatformError("unavailable", `The folder ${folder} cannot be watched (${code ?? String(error)}).`, {
      hint: "Where too many folders are watched on this computer (ENOSPC, EMFILE), its limit has to be raised.",
    });
  }
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

const inodeOf = (folder: string): number | null => statOf(folder)?.ino ?? null;
