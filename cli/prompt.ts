import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

import { UsageError } from "./framework/usage.ts";

/**
 * Asks one question at the terminal, on standard error so that standard output stays clean.
 * A hidden answer is not echoed. Ctrl-C ends the process as usual.
 * @throws UsageError when the input ends without an answer.
 */
export async function askAtTerminal(
  question: string,
  hidden: boolean,
  { stdin, stderr }: Pick<NodeJS.Process, "stdin" | "stderr"> = process,
): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: hidden ? silent : stderr, terminal: true });
  lines.on("SIGINT", () => {
    lines.close();
    process.kill(process.pid, "SIGINT");
  });
  const { promise: closed, reject } = Promise.withResolvers<never>();
  const onClose = (): void => {
    stderr.write("\n");
    reject(new UsageError("No answer was given."));
  };
  lines.once("close", onClose);
  if (hidden) stderr.write(question);
  try {
    const answer = await Promise.race([lines.question(hidden ? "" : question), closed]);
    // The person's own Enter has ended the line already, where it was shown.
    if (!hidden) lines.off("close", onClose);
    return answer;
  } finally {
    lines.close();
  }
}
