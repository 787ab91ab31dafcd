import { parseArgs } from "node:util";

import { CLASSES } from "./cases/index.ts";
import { fuzzAll } from "./fuzz/index.ts";
import { seedOf } from "./fuzz/random.ts";
import { lineOf, summaryOf } from "./report.ts";
import { runClasses } from "./run.ts";
import { startStage } from "./support/stage.ts";

const HELP = `npm run redteam -- [--json] [--only <class>]
npm run redteam -- --fuzz [--json] [--seed <number>] [--runs <number>]

Starts a platform of its own, lets a hostile tenant try every way out that is known, and ends with 1 when anything got
out or could not be tried. With --fuzz it feeds generated and hurt input to the parsers instead.

  --json   one flat object on the last line: cases, contained, escaped, broken, seconds
  --only   only the classes whose name holds this text
  --fuzz   routes, hosts, ids, filters and sources against slow references, 100,000 of each
  --seed   the seed to repeat; it is printed
  --runs   how many of each
`;
const FUZZ_RUNS = 100_000;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function attack(only: string, json: boolean): Promise<number> {
  const classes = CLASSES.filter(({ name }) => name.includes(only));
  if (classes.length === 0) {
    process.stderr.write(`redteam: no class is called so. There are: ${CLASSES.map(({ name }) => name).join(", ")}\n`);
    return 2;
  }
  const began = performance.now();
  const stage = await startStage();
  try {
    const outcomes = await runClasses(classes, stage, (outcome) => print(lineOf(outcome)));
    const summary = summaryOf(outcomes, performance.now() - began);
    const words = `\n${summary.cases} cases, ${summary.escaped} escaped, ${summary.broken} could not be tried`;
    print(json ? JSON.stringify(summary) : words);
    return summary.escaped + summary.broken === 0 ? 0 : 1;
  } finally {
    await stage.dispose();
  }
}

async function fuzz(seed: number, runs: number, json: boolean): Promise<number> {
  print(`seed ${seed}`);
  const all = await fuzzAll(seed, runs, ({ name, seconds, tried, finding }) => {
    const counts = Object.entries(tried).map(([what, count]) => `${count} ${what}`);
    print(`${name.padEnd(20)} ${`${seconds} s`.padEnd(9)} ${finding ?? counts.join(", ")}`);
  });
  const findings = all.filter(({ finding }) => finding !== null).length;
  if (json) print(JSON.stringify({ fuzzers: all.length, runs, seed, findings }));
  return findings === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      fuzz: { type: "boolean", default: false },
      seed: { type: "string" },
      runs: { type: "string", default: String(FUZZ_RUNS) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) {
    process.stderr.write("redteam: --runs must be a whole number from 1\n");
    return 2;
  }
  return values.fuzz ? fuzz(seedOf(values.seed), runs, values.json) : attack(values.only, values.json);
}

process.exitCode = await main();
