import { parseHost, slugOfHost } from "../../contracts/hosts.ts";
import { slugProblem, slugSchema } from "../../contracts/slug.ts";
import { Finding, Random } from "./random.ts";

const LABELS = [
  "a",
  "hello",
  "localhost",
  "example",
  "com",
  "x-1",
  "A",
  "xn--bcher-kva",
  "v1--x",
  "app",
  "9",
  "-a",
  "a-",
  "a_b",
  "é",
  "",
  "0".repeat(63),
  "0".repeat(64),
  "__proto__",
  "isola",
] as const;
const DECORATIONS = [
  "",
  "",
  "",
  ":80",
  ":0",
  ":65535",
  ":65536",
  ":",
  ":8a",
  ".",
  ".:80",
  "..",
  " ",
  "@",
  "/",
  "?x",
  "#",
  "\\",
  "%00",
  "\u0000",
  ":80:80",
  "]",
  "\n",
  "，",
  "。",
  "\u212a",
] as const;
const CHARACTERS = "abcz09-AZ._ :/@é%\u0000".split("") as [string, ...string[]];

/** The rules of a host name in one expression, length and port aside. */
const NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

function expectedHost(raw: string): string | null {
  const split = /^([^:]*?)\.?(?::([0-9]{0,5}))?$/s.exec(raw);
  if (split === null) return null;
  const [, name = "", port = ""] = split;
  if (Number(port) > 65_535 || name.length > 253 || !NAME.test(name)) return null;
  return name.toLowerCase();
}

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$/;

function checkHost(random: Random): string {
  const name = random.list(1, random.chance(1, 20) ? 40 : 4, () => random.pick<string>(LABELS)).join(".");
  const raw = random.chance(1, 3)
    ? random.list(0, 30, () => random.pick(CHARACTERS)).join("")
    : `${name}${random.pick(DECORATIONS)}`;
  const found = parseHost(raw)?.hostname ?? null;
  if (found !== expectedHost(raw)) throw new Error(`${JSON.stringify(raw)} was read as ${found}`);
  if (found !== null) {
    if (parseHost(found)?.hostname !== found) throw new Error(`${found} reads differently again`);
    const slug = slugOfHost(found, "localhost");
    const wanted = found.split(".").length === 2 && found.endsWith(".localhost") ? found.slice(0, -10) : null;
    if (slug !== wanted) throw new Error(`${found} has the slug ${slug}`);
  }
  return raw;
}

function checkSlug(random: Random): string {
  const slug = random.chance(1, 2)
    ? random.list(0, 45, () => random.pick("abc019-".split("") as [string, ...string[]])).join("")
    : random.pick<string>(LABELS) + random.pick(["", "-", "1", "A", " ", "\n"] as const);
  const accepted = slugSchema.safeParse(slug).success;
  if (accepted !== (slugProblem(slug) === null))
    throw new Error(`schema and problem disagree on ${JSON.stringify(slug)}`);
  const shaped = SLUG.test(slug) && !/^(?:v[0-9]+|xn)--/.test(slug);
  if (accepted && !shaped) throw new Error(`${JSON.stringify(slug)} was accepted`);
  if (!accepted && shaped && !slugProblem(slug)?.includes("reserved")) throw new Error(`${slug} was refused`);
  if (accepted && slugOfHost(parseHost(`${slug.toUpperCase()}.localhost:80`)?.hostname ?? "", "localhost") !== slug) {
    throw new Error(`${slug} does not come back from its host`);
  }
  return slug;
}

/**
 * Compares `parseHost`, `slugOfHost` and the slugs' schema with the rules written as one expression each.
 *
 * @throws Finding
 */
export function fuzzHosts(seed: number, runs: number): { hosts: number; slugs: number } {
  const random = new Random(seed);
  for (let run = 0; run < runs; run += 1) {
    try {
      checkHost(random);
      checkSlug(random);
    } catch (error) {
      throw new Finding(seed, run, error instanceof Error ? error.message : String(error), null);
    }
  }
  return { hosts: runs, slugs: runs };
}
