import { parseArgs } from "node:util";

import { CLASSES } from "./cases/index.ts";
import { lineOf, summaryOf } from "./report.ts";
import { runClasses } from "./run.ts";
import { startStage } from "./support/stage.ts";

const HELP = `npm run redteam -- [--json] [--only <class>]

Starts a platform of its own, lets a hostile tenant try every way out that we know, and ends with 1 when anything got out.

  --json   one flat object on the last line: cases, contained, escaped, broken, seconds
  --only   only the classes whose name holds this text
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const classes = CLASSES.filter(({ name }) => name.includes(values.only));
  if (classes.length === 0) {
    process.stderr.write(`redteam: no class is called so. There are: ${CLASSES.map(({ name }) => name).join(", ")}\n`);
    return 2;
  }
  const began = performance.now();
  const stage = await startStage();
  try {
    const outcomes = await runClasses(classes, stage, (outcome) => process.stdout.write(`${lineOf(outcome)}\n`));
    const summary = summaryOf(outcomes, performance.now() - began);
    process.stdout.write(
      values.json
        ? `${JSON.stringify(summary)}\n`
        : `\n${summary.cases} cases, ${summary.escaped} escaped, ${summary.broken} could not be tried\n`,
    );
    return summary.escaped + summary.broken === 0 ? 0 : 1;
  } finally {
    await stage.dispose();
  }
}

process.exitCode = await main();
