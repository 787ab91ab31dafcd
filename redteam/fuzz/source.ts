import { platformErrorOf } from "../../contracts/errors.ts";
import { programOf } from "./programs.ts";
import { Finding, Random } from "./random.ts";

/** The compiler, as far as it is fuzzed. */
export type Compile = (upload: {
  files: Record<string, string>;
  kind: "endpoint" | "module";
  metered?: boolean;
}) => Promise<{ main: string; modules: Record<string, string> }>;

/** Longest that one small source may take, in milliseconds; the computer may be busy with other things. */
const COMPILE_MS_MAX = 2_000;

const HOSTILE = [
  "(",
  ")",
  "{",
  "}",
  "[",
  "]",
  "<",
  ">",
  "`",
  "${",
  "/",
  "/*",
  "*/",
  "//",
  "'",
  '"',
  "\\",
  "\n",
  "\r",
  "\u2028",
  "\u0000",
  "\ud800",
  "\ufeff",
  "=>",
  "async ",
  "await ",
  "yield ",
  "function ",
  "class ",
  "import ",
  "export ",
  "export default ",
  "import(",
  "import.meta",
  "#x",
  "@x ",
  "<T>",
  "<T,>(",
  "as ",
  "satisfies ",
  "enum E {",
  "namespace N {",
  "declare ",
  "type ",
  "interface ",
  "abstract ",
  "?.",
  "??=",
  "...",
  "\\u{61}",
  "\\u0000",
  "0n",
  "1_0",
  "/(?<a>x)\\k<a>/v",
  "/[\\p{L}--[a]]/v",
  "let let = 1;",
  "with (x) {}",
  "<!-- x",
  "--> x",
  "#!x\n",
  "import x from 'node:fs';",
  "import './.isola/x.js';",
  "import('data:text/javascript,1');",
  "import y from 'cloudflare:sockets';",
  "new.target",
  "super()",
  "arguments",
  "eval",
  "//# sourceMappingURL=/etc/passwd",
  "get",
  "set",
  "static",
  "accessor ",
  "using x = null;",
  "label: ",
  "if (",
  "for (",
  "?",
  ":",
  "!",
] as const;
const EXTENSIONS = ["ts", "ts", "js", "tsx", "jsx", "mts", "mjs", "json", "txt"] as const;

/** A source that was hurt in some places. */
function mutate(random: Random, source: string): string {
  let text = source;
  for (let left = random.below(5); left >= 0; left -= 1) {
    const at = random.below(text.length + 1);
    const length = random.below(20);
    const piece = random.pick(HOSTILE);
    const kind = random.below(6);
    if (kind === 0) text = text.slice(0, at) + text.slice(at + length);
    else if (kind === 1) text = text.slice(0, at) + text.slice(at, at + length).repeat(2) + text.slice(at + length);
    else if (kind === 2) text = text.slice(0, at) + piece.repeat(1 + random.below(200)) + text.slice(at);
    else if (kind === 3) text = text.slice(at) + text.slice(0, at);
    else text = text.slice(0, at) + piece + text.slice(at);
  }
  return text;
}

/**
 * Compiles sources that were made and hurt at random. Each is compiled or refused by a `PlatformError`, and soon.
 *
 * @returns how many were let in and how many refused.
 * @throws Finding
 */
export async function fuzzHurtSources(
  compile: Compile,
  seed: number,
  runs: number,
): Promise<{ compiled: number; refused: number }> {
  const random = new Random(seed);
  const seen = { compiled: 0, refused: 0 };
  for (let run = 0; run < runs; run += 1) {
    const program = programOf(random);
    const extension = random.pick(EXTENSIONS);
    const text = mutate(random, random.chance(1, 2) ? program.ts : program.js);
    const files = {
      [`index.${extension}`]: text,
      ...(extension === "json" || extension === "txt" ? { "main.ts": program.ts } : {}),
    };
    const began = Date.now();
    try {
      await compile({ files, kind: "endpoint", metered: random.chance(1, 2) });
      seen.compiled += 1;
    } catch (error) {
      if (platformErrorOf(error) === null) throw new Finding(seed, run, `it threw ${String(error)}`, files);
      seen.refused += 1;
    }
    const tookMs = Date.now() - began;
    if (tookMs > COMPILE_MS_MAX) throw new Finding(seed, run, `it took ${tookMs} ms`, files);
  }
  return seen;
}

/**
 * Compiles programs that answer something, and compares what the compiled one answers, with and without the counting of
 * processor time, with what was meant.
 *
 * @param answerOf runs a module's text and returns what its default export answers; null where code cannot be made.
 * @throws Finding
 */
export async function fuzzMeaning(
  compile: Compile,
  answerOf: ((module: string) => string) | null,
  seed: number,
  runs: number,
): Promise<{ programs: number }> {
  const random = new Random(seed);
  for (let run = 0; run < runs; run += 1) {
    const program = programOf(random);
    const metered = random.chance(1, 2);
    const typed = random.chance(3, 4);
    const files = { [typed ? "index.ts" : "index.js"]: typed ? program.ts : program.js };
    try {
      const { main, modules } = await compile({ files, kind: "endpoint", metered });
      const text = modules[main] ?? "";
      if (text.split("\n").length < Object.values(files)[0]!.split("\n").length) throw new Error("lines were lost");
      if (answerOf === null) continue;
      const [meant, answered] = [answerOf(program.js), answerOf(text)];
      if (meant !== answered) throw new Error(`it answered ${answered} instead of ${meant}; compiled:\n${text}`);
    } catch (error) {
      throw new Finding(seed, run, error instanceof Error ? error.message : String(error), files);
    }
  }
  return { programs: runs };
}
