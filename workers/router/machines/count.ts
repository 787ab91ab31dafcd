/** Counts what each org has of something at once, up to a bound. */
export class Count {
  readonly #counts = new Map<string, number>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts one more; false where the org has as many as it may. To be followed by one {@link leave}. */
  enter(orgId: string): boolean {
    const count = this.#counts.get(orgId) ?? 0;
    if (count >= this.#max) return false;
    this.#counts.set(orgId, count + 1);
    return true;
  }

  leave(orgId: string): void {
    const count = this.#counts.get(orgId) ?? 0;
    if (count <= 1) this.#counts.delete(orgId);
    else this.#counts.set(orgId, count - 1);
  }

  /** How many an org has. */
  of(orgId: string): number {
    return this.#counts.get(orgId) ?? 0;
  }
}
