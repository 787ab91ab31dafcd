import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

/** A suite measures and returns flat figures; `report` prints what it is doing and what it found, for people. */
export interface Suite {
  summary: string;
  run(report: (line: string) => void): Promise<Record<string, number | string>>;
}

const HERE = import.meta.dirname;
const suites = readdirSync(HERE)
  .filter((file) => file.endsWith(".ts") && file !== "main.ts")
  .map((file) => file.slice(0, -3));

const report = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  const name = positionals[0] ?? "edge";
  if (values.help) {
    process.stdout.write(`npm run bench -- [suite] [--json]\n\nSuites: ${suites.join(", ")} (default: edge)\n`);
    return;
  }
  const file = join(HERE, `${name}.ts`);
  if (!suites.includes(name) || !existsSync(file)) {
    process.stderr.write(`bench: there is no suite "${name}". There are: ${suites.join(", ")}\n`);
    process.exitCode = 2;
    return;
  }
  const { suite } = (await import(file)) as { suite: Suite };
  report(`${name}: ${suite.summary}`);
  const figures = await suite.run(report);
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [figure, value] of Object.entries(figures)) process.stdout.write(`${figure.padEnd(28)} ${value}\n`);
}

await main();
