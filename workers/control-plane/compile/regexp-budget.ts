import { Fault } from "./fault.ts";

/** One regular expression, and all of one file together, in characters. */
const REGEXP_LENGTH_MAX = 64 * 1024;
const REGEXPS_LENGTH_MAX = 1024 * 1024;
/** Unicode properties in all regular expressions of one file; one of strings counts as many. */
const PROPERTIES_MAX = 4_000;
const STRING_PROPERTY_WEIGHT = 40;

/**
 * What the regular expressions of a file may cost. An engine expands them while it reads the file, here and wherever the
 * script is loaded, and each `\p{RGI_Emoji}` takes milliseconds.
 */
export class RegExpBudget {
  #length = 0;
  #properties = 0;

  /** @throws {Fault} when this one is too much; `offset` is its own. */
  spend(source: string, offset: number): void {
    this.#length += source.length;
    this.#properties += source.match(/\\p\{/gi)?.length ?? 0;
    this.#properties += STRING_PROPERTY_WEIGHT * (source.match(/\\p\{(?:Basic_|RGI_|Emoji_Keycap)/gi)?.length ?? 0);
    if (source.length > REGEXP_LENGTH_MAX) throw new Fault(offset, "The regular expression is too long. Divide it.");
    if (this.#length > REGEXPS_LENGTH_MAX || this.#properties > PROPERTIES_MAX) {
      throw new Fault(offset, "The file has more regular expressions than it may. Make them once and share them.");
    }
  }
}
