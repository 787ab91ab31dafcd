import { homedir, hostname } from "node:os";
import { text } from "node:stream/consumers";

import type { Host } from "./framework/host.ts";
import { askAtTerminal } from "./prompt.ts";

/** The world of this process: its streams, its environment, the person at its terminal. */
export function processHost(): Host {
  const { stdin, stdout, stderr } = process;
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    machineName: hostname(),
    out: (data) => void stdout.write(data),
    err: (data) => void stderr.write(data),
    outIsTerminal: stdout.isTTY,
    errIsTerminal: stderr.isTTY,
    ask: stdin.isTTY && stderr.isTTY ? (question, options) => askAtTerminal(question, options?.hidden === true) : null,
    readInput: () => text(stdin),
  };
}
