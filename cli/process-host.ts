import { homedir, hostname } from "node:os";
import { text } from "node:stream/consumers";

import type { Host } from "./framework/host.ts";
import { askAtTerminal } from "./prompt.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A signal after this long, in milliseconds, is a person who no longer wants to wait. */
const REPEAT_MS = 500;

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
    interrupted,
  };
}

function interrupted(): AbortSignal {
  const controller = new AbortController();
  let askedAt = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = Date.now();
    // One Ctrl-C may come twice: from the terminal, and handed on by the program that started this one.
    if (askedAt !== 0 && now - askedAt > REPEAT_MS) {
      for (const name of SIGNALS) process.off(name, onSignal);
      process.kill(process.pid, signal);
      return;
    }
    askedAt ||= now;
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return controller.signal;
}
