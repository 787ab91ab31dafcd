import type { Command, OptionDefinition } from "./command.ts";
import { ENVIRONMENT, flagOf, groupsOf, usageOf } from "./help.ts";
import { COMMON_OPTIONS } from "./parse.ts";

const INTRODUCTION = `# The command line

\`npx isola <command>\` in this project's folder. \`isola help <command>\` says what stands here.

- \`--output json\` answers every command with one JSON document, and \`dev\` and \`logs --follow\` with one a line; errors are those of the API.
- Standard output has the answer alone; hints, progress and errors go to standard error.
- Exit code 0 is done, 1 refused or bad news, 2 a command line that is not understood.
- What tenants wrote is shown with its control characters written out.`;

/** Every command on one page of Markdown, from the same definitions as the help. */
export function pageOf(table: readonly Command[]): string {
  const groups = groupsOf(table).flatMap(([title, commands]) => [`## ${title}`, ...commands.flatMap(sectionOf)]);
  return `${[
    INTRODUCTION,
    "## Everywhere",
    rows("option", Object.entries(COMMON_OPTIONS).map(optionRow)),
    rows("environment", ENVIRONMENT),
    ...groups,
  ].join("\n\n")}\n`;
}

function sectionOf(command: Command): string[] {
  const { name, summary, details, args, options, examples } = command;
  const parts = [`### ${name}`, `\`${usageOf(command)}\``, `${summary}.`];
  if (details !== undefined) parts.push(details.replaceAll("\n", " "));
  if (args.length > 0) {
    parts.push(
      rows(
        "argument",
        args.map((arg) => [arg.name, arg.about]),
      ),
    );
  }
  if (Object.keys(options).length > 0) parts.push(rows("option", Object.entries(options).map(optionRow)));
  parts.push(["```", ...examples.map((example) => `npx isola ${example}`), "```"].join("\n"));
  return parts;
}

const optionRow = ([name, option]: [string, OptionDefinition]): [string, string] => [
  flagOf(name, option),
  "multiple" in option ? `${option.about} (may be given several times)` : option.about,
];

/** A table of two columns; the first is code. */
function rows(title: string, entries: readonly (readonly [string, string])[]): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
  const lines = entries.map(([name, about]) => `| \`${name.replaceAll("|", "\\|")}\` | ${cell(about)} |`);
  return [`| ${title} | |`, "| --- | --- |", ...lines].join("\n");
}
