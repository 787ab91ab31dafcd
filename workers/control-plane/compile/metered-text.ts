/** Reads that a parse may make for each character, and for a text of any length; real sources take two at most. */
const READS_PER_CHARACTER_MAX = 10;
const READS_MAX_BASE = 200_000;

/** Thrown when a parse has read a text so often that it is not making progress. */
export class TooManyReads extends Error {}

/**
 * A text that counts how often it is read. A parser that goes back to try another reading doubles its work with
 * each nested try, and thirty characters of nested arrow parameters would keep it busy for minutes.
 */
export class MeteredText {
  readonly #text: string;
  #readsLeft: number;

  constructor(text: string) {
    this.#text = text;
    this.#readsLeft = READS_MAX_BASE + text.length * READS_PER_CHARACTER_MAX;
  }

  get length(): number {
    return this.#text.length;
  }

  charCodeAt(index: number): number {
    if (--this.#readsLeft < 0) throw new TooManyReads("The text was read too often.");
    return this.#text.charCodeAt(index);
  }

  slice(start?: number, end?: number): string {
    return this.#text.slice(start, end);
  }

  toString(): string {
    return this.#text;
  }
}
