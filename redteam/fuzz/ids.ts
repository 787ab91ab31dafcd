import { ID_PREFIXES, idSchema, newId, type IdKind } from "../../contracts/ids.ts";
import { Finding, Random } from "./random.ts";

const KINDS = Object.keys(ID_PREFIXES) as [IdKind, ...IdKind[]];
const BASE32 = "0123456789abcdefghjkmnpqrstvwxyz";
const CHARACTERS = `${BASE32}iloIuU_-/ .\n\u0000é`.split("") as [string, ...string[]];

/** The form of an id, character by character. */
function isId(kind: IdKind, text: string): boolean {
  const prefix = `${ID_PREFIXES[kind]}_`;
  const rest = text.slice(prefix.length);
  return (
    text.startsWith(prefix) &&
    rest.length >= 16 &&
    rest.length <= 40 &&
    Array.from(rest).every((each) => BASE32.includes(each))
  );
}

function mutated(random: Random, id: string): string {
  if (random.chance(1, 4)) return (id + id.slice(4)).slice(0, random.below(50));
  const at = random.below(id.length + 1);
  const piece = random.list(0, 3, () => random.pick(CHARACTERS)).join("");
  return id.slice(0, at) + piece + id.slice(at + random.below(3));
}

/**
 * Compares the schema of ids with their form, on ids and on ids that were tampered with.
 *
 * @throws Finding
 */
export function fuzzIds(seed: number, runs: number): { ids: number } {
  const random = new Random(seed);
  const schemas = new Map(KINDS.map((kind) => [kind, idSchema(kind)]));
  for (let run = 0; run < runs; run += 1) {
    const kind = random.pick(KINDS);
    const id = newId(kind);
    for (const text of [id, mutated(random, id), mutated(random, mutated(random, id))]) {
      const asked = random.pick(KINDS);
      for (const each of [kind, asked]) {
        if (schemas.get(each)?.safeParse(text).success === isId(each, text)) continue;
        throw new Finding(seed, run, `an id of a ${each}?`, text);
      }
    }
  }
  return { ids: runs };
}
