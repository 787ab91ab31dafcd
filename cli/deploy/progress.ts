import type { Host } from "../framework/host.ts";
import { paintFor } from "../framework/text.ts";

/** Runs one stage of a longer job and shows it while it lasts. */
export type Stage = <T>(name: string, work: () => Promise<T>) => Promise<T>;

const REWRITE_LINE = "\r\u001b[K";

/** Stages for a person at a terminal: each on a line of its own, with its time. Everywhere else they are silent. */
export function stagesFor(host: Host, human: boolean): Stage {
  if (!human || !host.errIsTerminal) return (_name, work) => work();
  const paint = paintFor(true, host.env);
  const rewrites = host.env.TERM !== "dumb";
  return async (name, work) => {
    if (rewrites) host.err(`  ${paint("dim", `… ${name}`)}`);
    const startedAt = performance.now();
    const end = (mark: string): void => {
      const time = paint("dim", `${(performance.now() - startedAt).toFixed(0)} ms`);
      host.err(`${rewrites ? REWRITE_LINE : ""}  ${mark} ${name} ${time}\n`);
    };
    try {
      const value = await work();
      end(paint("green", "✓"));
      return value;
    } catch (error) {
      end(paint("red", "✗"));
      throw error;
    }
  };
}
