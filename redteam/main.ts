import { parseArgs } from "node:util";

import { CLASSES } from "./cases/index.ts";
import { fuzzAll } from "./fuzz/index.ts";
import { seedOf } from "./fuzz/random.ts";
import { type MatrixResult, runMatrix } from "./matrix/run.ts";
import { startMatrixStage } from "./matrix/stage.ts";
import { lineOf, matrixLine, type Summary, summaryOf, wrongLine } from "./report.ts";
import { type Outcome, runClasses } from "./run.ts";
import { startStage } from "./support/stage.ts";

const HELP = `npm run redteam -- [--json] [--only <class>]
npm run redteam -- --fuzz [--json] [--seed <number>] [--runs <number>]

Starts a platform of its own, lets a hostile tenant try every way out that is known; then another, where everybody who
must not calls every endpoint that the API's own description names. Ends with 1 when anything got out, was answered
wrongly, or could not be tried. With --fuzz it feeds generated and hurt input to the parsers instead.

  --json   one flat object on the last line: cases, contained, escaped, broken, seconds, matrixCases, matrixWrong
  --only   only the classes whose name holds this text; "matrix" is the one of the API
  --fuzz   routes, hosts, ids, filters and sources against slow references, 100,000 of each
  --seed   the seed to repeat; it is printed
  --runs   how many of each
`;
const FUZZ_RUNS = 100_000;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const MATRIX = "matrix";

async function attack(only: string, json: boolean): Promise<number> {
  const classes = CLASSES.filter(({ name }) => name.includes(only));
  const withMatrix = MATRIX.includes(only);
  if (classes.length === 0 && !withMatrix) {
    const names = [...CLASSES.map(({ name }) => name), MATRIX].join(", ");
    process.stderr.write(`redteam: no class is called so. There are: ${names}\n`);
    return 2;
  }
  const began = performance.now();
  const outcomes = classes.length === 0 ? [] : await strikeOut(classes);
  const matrix = withMatrix ? await askAll() : null;
  const summary = summaryOf(outcomes, matrix, performance.now() - began);
  print(json ? JSON.stringify(summary) : `\n${inWords(summary)}`);
  return summary.escaped + summary.broken + summary.matrixWrong === 0 ? 0 : 1;
}

/** A hostile tenant's attempts, on a platform of their own. */
async function strikeOut(classes: typeof CLASSES): Promise<Outcome[]> {
  const stage = await startStage();
  try {
    return await runClasses(classes, stage, (outcome) => print(lineOf(outcome)));
  } finally {
    await stage.dispose();
  }
}

/** Everybody's calls of every endpoint, on a platform of their own. */
async function askAll(): Promise<MatrixResult> {
  const stage = await startMatrixStage();
  try {
    const result = await runMatrix(stage, (wrong) => print(wrongLine(wrong)));
    print(matrixLine(result));
    return result;
  } finally {
    await stage.dispose();
  }
}

const inWords = ({ cases, escaped, broken, matrixCases, matrixWrong }: Summary): string =>
  `${cases} cases, ${escaped} escaped, ${broken} could not be tried; ${matrixCases} of the matrix, ${matrixWrong} wrong`;

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
