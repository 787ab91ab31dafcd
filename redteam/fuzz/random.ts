/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  }

  chance(one: number, of: number): boolean {
    return this.below(of) < one;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }

  /** A list of `least` to `most` items. */
  list<T>(least: number, most: number, make: (index: number) => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, (_, index) => make(index));
  }
}

/** What a fuzzer found: enough to see it again. */
export class Finding extends Error {
  constructor(seed: number, run: number, what: string, input: unknown) {
    super(`seed ${seed}, run ${run}: ${what}\n${JSON.stringify(input)}`);
    this.name = "Finding";
  }
}

/** Reads a seed; a new one where none is given. */
export function seedOf(text: string | undefined): number {
  const given = Number(text ?? "");
  return text !== undefined && text !== "" && Number.isInteger(given)
    ? given >>> 0
    : Math.floor(Math.random() * 2 ** 32);
}
