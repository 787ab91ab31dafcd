import type { Command, OptionDefinition } from "./command.ts";
import { firstWord } from "./find.ts";
import { COMMON_OPTIONS } from "./parse.ts";
import { columns } from "./text.ts";

const INDENT = "  ";

/** What a command reads from its environment. */
export const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["ISOLA_URL", "control plane to talk to, instead of the saved one"],
  ["ISOLA_TOKEN", "API key to use, instead of the saved one"],
  ["ISOLA_ORG", "org to work in when --org is not given"],
  ["ISOLA_CONFIG", "folder of the saved sign-in (default ~/.config/isola)"],
  ["NO_COLOR", "never colour the output"],
];

/** Help of the whole command: every command with its summary. */
export function helpOfAll(table: readonly Command[]): string {
  return [
    "isola: an edge cloud in which every tenant lives on its own island",
    section("Usage", ["isola <command> [arguments] [options]"]),
    ...groupsOf(table).map(([title, commands]) => section(title, summaries(commands))),
    section("Environment", columns(ENVIRONMENT)),
    "`isola help <command>` and `isola <command> --help` say more.",
  ].join("\n\n");
}

/** Help of one object: its verbs. */
export function helpOfGroup(name: string, commands: readonly Command[]): string {
  return [
    section("Usage", [`isola ${name} <command> [arguments] [options]`]),
    section("Commands", summaries(commands)),
    `\`isola help ${name} <command>\` says more.`,
  ].join("\n\n");
}

/** Help of one command, made from its definition. */
export function helpOfCommand(command: Command): string {
  const sections = [command.summary, section("Usage", [usageOf(command)])];
  if (command.details !== undefined) sections.splice(1, 0, command.details);
  if (command.args.length > 0) {
    sections.push(section("Arguments", columns(command.args.map((arg) => [`<${arg.name}>`, arg.about]))));
  }
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  sections.push(section("Options", columns(options.map(([name, option]) => [flagOf(name, option), aboutOf(option)]))));
  sections.push(
    section(
      "Examples",
      command.examples.map((example) => `isola ${example}`),
    ),
  );
  return sections.join("\n\n");
}

/** How a command is written, in one line. */
export function usageOf(command: Command): string {
  const args = command.args.map((arg) => (arg.optional === true ? `[${arg.name}]` : `<${arg.name}>`));
  const required = Object.entries(command.options)
    .filter(([, option]) => "required" in option)
    .map(([name, option]) => flagOf(name, option));
  return ["isola", command.name, ...args, ...required, "[options]"].join(" ");
}

/** An option as it is typed. */
export function flagOf(name: string, option: OptionDefinition): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  return option.type === "boolean" ? `${short}--${name}` : `${short}--${name} <${option.value}>`;
}

function aboutOf(option: OptionDefinition): string {
  if ("multiple" in option) return `${option.about} (may be given several times)`;
  return option.about;
}

const summaries = (commands: readonly Command[]): string[] =>
  columns(commands.map((command) => [command.name, command.summary]));

const section = (title: string, lines: readonly string[]): string =>
  [`${title}:`, ...lines.map((line) => INDENT + line)].join("\n");

/** Commands by object, in the order of the table; single words stand together. */
export function groupsOf(table: readonly Command[]): [string, Command[]][] {
  const groups = new Map<string, Command[]>();
  for (const command of table) {
    const object = firstWord(command);
    const title = object === command.name ? "Commands" : object.charAt(0).toUpperCase() + object.slice(1);
    groups.set(title, [...(groups.get(title) ?? []), command]);
  }
  return [...groups];
}
