import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/**
 * Asks one question at the terminal, on standard error so that standard output stays clean.
 * A hidden answer is not echoed. Ctrl-C and Ctrl-D end the process as usual.
 */
export async function askAtTerminal(question: string, hidden: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: hidden ? silent : process.stderr, terminal: true });
  lines.on("SIGINT", () => {
    lines.close();
    process.stderr.write("\n");
    process.kill(process.pid, "SIGINT");
  });
  if (hidden) process.stderr.write(question);
  try {
    return await lines.question(hidden ? "" : question);
  } finally {
    if (hidden) process.stderr.write("\n");
    lines.close();
  }
}
