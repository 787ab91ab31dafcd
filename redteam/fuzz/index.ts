import { answerOf, loadCompiler } from "./compiler.ts";
import { fuzzFilters } from "./filters.ts";
import { fuzzHosts } from "./hosts.ts";
import { fuzzIds } from "./ids.ts";
import { fuzzRoutes } from "./routes.ts";
import { fuzzHurtSources, fuzzMeaning } from "./source.ts";

/** What a fuzzer went through, and whether it found something. */
export interface Fuzzed {
  name: string;
  seconds: number;
  /** What it tried, counted. */
  tried: Record<string, number>;
  /** Null when nothing was found. */
  finding: string | null;
}

/** Runs every fuzzer `runs` times from one seed and tells of each as it ends. */
export async function fuzzAll(seed: number, runs: number, tell: (fuzzed: Fuzzed) => void): Promise<Fuzzed[]> {
  const compile = await loadCompiler();
  const fuzzers: Record<string, () => Promise<Record<string, number>>> = {
    routes: async () => fuzzRoutes(seed, runs),
    hosts: async () => fuzzHosts(seed, runs),
    ids: async () => fuzzIds(seed, runs),
    filters: async () => fuzzFilters(seed, runs),
    "hurt sources": () => fuzzHurtSources(compile, seed, runs),
    "meaning of sources": () => fuzzMeaning(compile, answerOf, seed, runs),
  };
  const all: Fuzzed[] = [];
  for (const [name, fuzz] of Object.entries(fuzzers)) {
    const began = performance.now();
    const ended = await fuzz().then(
      (tried) => ({ tried, finding: null }),
      (error: unknown) => ({ tried: {}, finding: error instanceof Error ? error.message : String(error) }),
    );
    const fuzzed = { name, seconds: Math.round((performance.now() - began) / 100) / 10, ...ended };
    all.push(fuzzed);
    tell(fuzzed);
  }
  return all;
}
