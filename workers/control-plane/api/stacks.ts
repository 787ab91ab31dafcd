import type { VersionName, VersionSource } from "../../../contracts/doors.ts";
import type { ExecutionError, LogLine } from "../../../contracts/execution.ts";
import { STACK_MAPS_PER_PAGE_MAX } from "../../../contracts/limits.ts";
import { ModuleFrames } from "../compile/module-frames.ts";
import { mapStack } from "../compile/stack.ts";
import type { Scope } from "../scope.ts";

/** A text that goes on with the frame of a stack. */
const FRAME = /\n\s+at /;

/**
 * Puts errors into the lines of the source as it was written, that of modules too. It reads each version once, one
 * after the other and a bounded number of them, for a source map can be large.
 */
export class Stacks {
  readonly #scope: Scope;
  readonly #orgId: string;
  readonly #sources = new Map<string, VersionSource | null>();

  constructor(scope: Scope, orgId: string) {
    this.#scope = scope;
    this.#orgId = orgId;
  }

  /** The error with its stack mapped; null stays null. */
  async map(error: ExecutionError | null, versionId: string): Promise<ExecutionError | null> {
    if (error === null) return null;
    return { ...error, stack: await this.#mapText(error.stack, versionId) };
  }

  /** Console lines with the stacks in them mapped; a line without a stack is left alone. */
  async mapLines(lines: readonly LogLine[], versionId: string): Promise<LogLine[]> {
    const mapped: LogLine[] = [];
    for (const line of lines) {
      if (!FRAME.test(line.text)) mapped.push(line);
      else mapped.push({ ...line, text: await this.#mapText(line.text, versionId) });
    }
    return mapped;
  }

  async #mapText(text: string, versionId: string): Promise<string> {
    const frames = new ModuleFrames(text);
    for (const module of frames.modules) frames.map(module, await this.#sourceOf(module));
    const source = await this.#sourceOf({ id: versionId });
    return frames.putBack(mapStack(frames.rest, source?.map ?? null, source?.main ?? ""));
  }

  async #sourceOf(version: VersionName): Promise<VersionSource | null> {
    const key = JSON.stringify(version);
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    if (this.#sources.size >= STACK_MAPS_PER_PAGE_MAX) return null;
    const source = await this.#scope.state.versionSource(this.#orgId, version);
    this.#sources.set(key, source);
    return source;
  }
}
