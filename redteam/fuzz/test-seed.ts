import { seedOf } from "./random.ts";

/** The seed of a test: that of `VITE_FUZZ_SEED`, or a new one; said, so that a failure can be seen again. */
export function testSeed(): number {
  const { env } = import.meta as ImportMeta & { env?: Record<string, string | undefined> };
  const seed = seedOf(env?.["VITE_FUZZ_SEED"]);
  console.info(`VITE_FUZZ_SEED=${seed}`);
  return seed;
}
