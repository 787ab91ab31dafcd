/** Runs of a version that are journalled in the life of an edge even while nothing is wrong. */
export const FIRST_RUNS = 100;
/** Versions whose runs are counted; then counting begins anew. */
const VERSIONS_MAX = 10_000;

/**
 * Tells the launcher which runs are going on, so that it knows whose run it was when this process ends before its
 * time. Each begin and each end is a line on stdout, written at once: a message would never leave a process that hangs.
 *
 * Ask {@link wants} when a run begins, remember the answer, and report its begin and its end only if it was true.
 */
export class Journal {
  readonly #mark: string | null;
  readonly #write: (line: string) => void;
  #untilMs = 0;
  #runs = new Map<string, number>();

  /**
   * @param mark a secret of this process that begins each line, since scripts may find a way to stdout as well; null
   *   where nobody reads the journal, and then nothing is written.
   */
  constructor(mark: string | null, write: (line: string) => void) {
    this.#mark = mark;
    this.#write = write;
  }

  /** Has every run journalled until then, in epoch milliseconds. */
  set(untilMs: number): void {
    this.#untilMs = untilMs;
  }

  /** Whether a run of this version that begins at `now` (epoch milliseconds) is to be journalled. */
  wants(versionId: string, now: number): boolean {
    if (this.#mark === null) return false;
    if (now < this.#untilMs) return true;
    const runs = this.#runs.get(versionId) ?? 0;
    if (runs >= FIRST_RUNS) return false;
    if (this.#runs.size >= VERSIONS_MAX) this.#runs.clear();
    this.#runs.set(versionId, runs + 1);
    return true;
  }

  runBegan(executionId: string, orgId: string, versionId: string): void {
    this.#write(`${this.#mark} + ${executionId} ${orgId} ${versionId}`);
  }

  runEnded(executionId: string): void {
    this.#write(`${this.#mark} - ${executionId}`);
  }
}
