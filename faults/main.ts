import { parseArgs } from "node:util";

import { CATALOGUE, type FaultCase } from "./catalogue.ts";
import { Stage } from "./stage.ts";

const HELP = `npm run faults -- [--only <id>] [--json]

Starts a platform of its own with a practice provider, has everything go wrong there that is known to go wrong at
providers of machines, one thing after the other, and prints how each case ended. After each of them the org is destroyed,
and the provider must have nothing left of it. Ends with 1 when a case did not end as it should, or something was left.

  --only  one case alone
  --json  one flat object on the last line
`;

interface Outcome {
  id: string;
  title: string;
  held: boolean;
  text: string;
  /** What was left at the provider after its org was destroyed. */
  orphans: number;
}

const report = (line: string): void => void process.stderr.write(`${line}\n`);

async function playOne(stage: Stage, one: FaultCase): Promise<Outcome> {
  const { id, title } = one;
  let held = true;
  let text: string;
  try {
    text = await one.play(stage, id);
  } catch (error) {
    held = false;
    text =
      error instanceof Error
        ? `${error.message}${error.cause instanceof Error ? ` (${error.cause.message})` : ""}`
        : String(error);
  }
  await stage.faults();
  try {
    await stage.destroy(id);
  } catch (error) {
    held = false;
    text += `; its org could not be destroyed: ${error instanceof Error ? error.message : String(error)}`;
  }
  const { groups, volumes, machines } = await stage.resources();
  return { id, title, held, text, orphans: groups.length + volumes.length + machines.length };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const cases = CATALOGUE.filter(({ id }) => values.only === undefined || id === values.only);
  if (cases.length === 0)
    throw new Error(`There is no case ${values.only}: ${CATALOGUE.map(({ id }) => id).join(", ")}`);
  const stage = await Stage.open();
  const outcomes: Outcome[] = [];
  try {
    for (const one of cases) {
      const outcome = await playOne(stage, one);
      outcomes.push(outcome);
      report(`${outcome.held && outcome.orphans === 0 ? "✓" : "✗"} ${outcome.title}: ${outcome.text}`);
    }
  } finally {
    await stage.dispose();
  }
  const wrong = outcomes.filter(({ held }) => !held).map(({ id }) => id);
  const orphans = outcomes.reduce((sum, outcome) => Math.max(sum, outcome.orphans), 0);
  report(`${outcomes.length} cases, ${wrong.length} wrong, ${orphans} orphans`);
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ faults: outcomes.length, wrong: wrong.length, orphans, wrongCases: wrong.join(" ") })}\n`,
    );
  }
  return wrong.length === 0 && orphans === 0 ? 0 : 1;
}

process.exitCode = await main();
