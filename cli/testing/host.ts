import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import type { Host } from "../framework/host.ts";
import { run } from "../run.ts";

/** What a command left behind. */
export interface Outcome {
  code: number;
  out: string;
  err: string;
}

/** How the world around a command differs from an empty one without a terminal. */
export interface World {
  env?: Record<string, string>;
  cwd?: string;
  terminal?: boolean;
  /** Answers to the questions, in order; without them nobody is there to ask. */
  answers?: string[];
  input?: string;
  /** Aborts when the person presses Ctrl-C. */
  interrupted?: AbortSignal;
  /** Hears every word as it is printed. */
  onPrint?: (outcome: Outcome) => void;
}

/** A person's computer for one test: a home folder of its own, and every word that was printed. */
export async function newComputer(base: World = {}) {
  const home = await mkdtemp(join(tmpdir(), "isola-cli-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const questions: { question: string; hidden: boolean }[] = [];

  const isola = async (words: string[], world: World = {}): Promise<Outcome> => {
    const settings = { ...base, ...world, env: { ...base.env, ...world.env } };
    const answers = [...(settings.answers ?? [])];
    const outcome: Outcome = { code: -1, out: "", err: "" };
    const host: Host = {
      env: settings.env,
      cwd: settings.cwd ?? home,
      home,
      machineName: "workbench",
      out: (data) => {
        outcome.out += typeof data === "string" ? data : Buffer.from(data).toString("latin1");
        settings.onPrint?.(outcome);
      },
      err: (text) => {
        outcome.err += text;
        settings.onPrint?.(outcome);
      },
      outIsTerminal: settings.terminal === true,
      errIsTerminal: settings.terminal === true,
      ask:
        settings.answers === undefined
          ? null
          : (question, options) => {
              questions.push({ question, hidden: options?.hidden === true });
              const answer = answers.shift();
              return answer === undefined
                ? Promise.reject(new Error(`Unexpected: ${question}`))
                : Promise.resolve(answer);
            },
      readInput: () => Promise.resolve(settings.input ?? ""),
      interrupted: () => settings.interrupted ?? new AbortController().signal,
    };
    outcome.code = await run(words, host);
    return outcome;
  };
  return { home, isola, questions };
}
