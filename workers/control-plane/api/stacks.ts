import type { ExecutionError, LogLine } from "../../../contracts/execution.ts";
import { STACK_MAPS_PER_PAGE_MAX } from "../../../contracts/limits.ts";
import { mapStack } from "../compile/stack.ts";
import type { Scope } from "../scope.ts";

interface Source {
  map: string | null;
  main: string;
}

/** A text that goes on with the frame of a stack. */
const FRAME = /\n\s+at /;

const UNKNOWN: Source = { map: null, main: "" };

/**
 * Puts errors into the lines of the source as it was written. It reads each version once, one after the
 * other and a bounded number of them, for a source map can be large.
 */
export class Stacks {
  readonly #scope: Scope;
  readonly #orgId: string;
  readonly #sources = new Map<string, Source>();

  constructor(scope: Scope, orgId: string) {
    this.#scope = scope;
    this.#orgId = orgId;
  }

  /** The error with its stack mapped; null stays null. */
  async map(error: ExecutionError | null, versionId: string): Promise<ExecutionError | null> {
    if (error === null) return null;
    const { map, main } = await this.#sourceOf(versionId);
    return { ...error, stack: mapStack(error.stack, map, main) };
  }

  /** Console lines with the stacks in them mapped; a line without a stack is left alone. */
  async mapLines(lines: readonly LogLine[], versionId: string): Promise<LogLine[]> {
    const mapped: LogLine[] = [];
    for (const line of lines) {
      if (!FRAME.test(line.text)) mapped.push(line);
      else {
        const { map, main } = await this.#sourceOf(versionId);
        mapped.push({ ...line, text: mapStack(line.text, map, main) });
      }
    }
    return mapped;
  }

  async #sourceOf(versionId: string): Promise<Source> {
    const known = this.#sources.get(versionId);
    if (known !== undefined) return known;
    if (this.#sources.size >= STACK_MAPS_PER_PAGE_MAX) return UNKNOWN;
    const map = await this.#scope.state.versionSourceMap(this.#orgId, versionId);
    const code = map === null ? null : await this.#scope.state.versionCode(this.#orgId, versionId);
    const source = code === null ? UNKNOWN : { map, main: code.main };
    this.#sources.set(versionId, source);
    return source;
  }
}
