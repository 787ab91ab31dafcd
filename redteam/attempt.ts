import type { Stage } from "./support/stage.ts";

/** One way out that a hostile tenant tries, and how it is judged. */
export interface Attempt<Seen> {
  name: string;
  /** What must be so, in few words. */
  expected: string;
  attack: (stage: Stage) => Promise<Seen>;
  /** Says what got out; null when nothing did. */
  judge: (seen: Seen) => string | null;
  /** What an escape would look like; a judge that lets it pass is worthless. */
  breach: Seen;
}

/** Many attempts of one kind that share one attack, by name. */
export interface Attempts<Seen> {
  names: readonly string[];
  expected: string;
  attack: (stage: Stage) => Promise<ReadonlyMap<string, Seen>>;
  judge: (seen: Seen, name: string) => string | null;
  breach: Seen;
}

/** An attempt with its types put away, as the runner takes it. */
export interface Case {
  name: string;
  expected: string;
  /** Attacks and judges; throws when it could not be tried. */
  run: (stage: Stage) => Promise<string | null>;
  /** What the judge says of an escape. */
  judgeOfBreach: () => string | null;
}

/** A class of attempts. */
export interface CaseClass {
  name: string;
  cases: readonly Case[];
}

/** Makes a case of an attempt. */
export function attempt<Seen>({ name, expected, attack, judge, breach }: Attempt<Seen>): Case {
  return {
    name,
    expected,
    run: async (stage) => judge(await attack(stage)),
    judgeOfBreach: () => judge(breach),
  };
}

/** Makes a case of each name; the attack runs once on a stage. */
export function attempts<Seen>({ names, expected, attack, judge, breach }: Attempts<Seen>): Case[] {
  const attacks = new WeakMap<Stage, Promise<ReadonlyMap<string, Seen>>>();
  const seenOn = (stage: Stage): Promise<ReadonlyMap<string, Seen>> => {
    const running = attacks.get(stage) ?? attack(stage);
    attacks.set(stage, running);
    return running;
  };
  return names.map((name) => ({
    name,
    expected,
    run: async (stage) => {
      const seen = (await seenOn(stage)).get(name);
      if (seen === undefined) throw new Error("The attack said nothing of it.");
      return judge(seen, name);
    },
    judgeOfBreach: () => judge(breach, name),
  }));
}
