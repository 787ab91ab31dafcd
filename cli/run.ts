import { ApiError } from "../contracts/client.ts";
import { PlatformError } from "../contracts/errors.ts";
import { COMMANDS } from "./commands/index.ts";
import type { Command, Result } from "./framework/command.ts";
import { findCommand, type Found } from "./framework/find.ts";
import { helpOfAll, helpOfCommand, helpOfGroup } from "./framework/help.ts";
import type { Host } from "./framework/host.ts";
import { parseLine } from "./framework/parse.ts";
import { errorJson, errorText } from "./framework/report.ts";
import { paintFor } from "./framework/text.ts";
import { EXIT, UsageError } from "./framework/usage.ts";
import { VERSION } from "./version.ts";

/** Runs one command line (without `isola` itself) and answers the exit code. It never throws. */
export async function run(words: readonly string[], host: Host): Promise<number> {
  const human = !wantsJson(words);
  try {
    const result = await answer(words, host, human);
    print(result, host, human);
    return result.failed === true ? EXIT.failed : EXIT.ok;
  } catch (thrown) {
    return fail(thrown, host, human);
  }
}

async function answer(words: readonly string[], host: Host, human: boolean): Promise<Result> {
  const [head] = words;
  if (head === "--version" || head === "-v") return { json: { version: VERSION }, text: `isola ${VERSION}` };
  if (head === "help")
    return helpFor(
      findCommand(
        COMMANDS,
        words.slice(1).filter((word) => !word.startsWith("-")),
      ),
    );
  const found = findCommand(COMMANDS, words);
  if (found.kind === "command") {
    if (asksForHelp(found.rest)) return helpFor(found);
    return runCommand(found.command, found.rest, host, human);
  }
  if (found.kind !== "unknown" && (asksForHelp(words) || words.length === 0)) return helpFor(found);
  if (found.kind === "group") {
    const verbs = found.commands.map((command) => command.name.slice(found.name.length + 1)).join(", ");
    throw new UsageError(`\`isola ${found.name}\` needs one of: ${verbs}.`, found.name);
  }
  if (found.kind === "nothing") throw new UsageError(`"${head}" must come after a command.`);
  return unknown(found);
}

async function runCommand(command: Command, words: readonly string[], host: Host, human: boolean): Promise<Result> {
  const { args, options } = parseLine(command, words);
  const { output } = options;
  if (output !== undefined && output !== "text" && output !== "json") {
    throw new UsageError(`--output must be text or json, not "${String(output)}".`, command.name);
  }
  return command.run({ args, options, host, human });
}

function helpFor(found: Found): Result {
  if (found.kind === "unknown") return unknown(found);
  const text =
    found.kind === "command"
      ? helpOfCommand(found.command)
      : found.kind === "group"
        ? helpOfGroup(found.name, found.commands)
        : helpOfAll(COMMANDS);
  return { json: { help: text }, text };
}

function unknown(found: Found & { kind: "unknown" }): never {
  const hint = found.meant === null ? "" : ` Did you mean \`isola ${found.meant}\`?`;
  throw new UsageError(`There is no command \`isola ${found.typed}\`.${hint}`);
}

function print(result: Result, host: Host, human: boolean): void {
  if (!human) {
    if (result.json === undefined) return;
    host.out(`${JSON.stringify(result.json, null, 2)}\n`);
    return;
  }
  if (typeof result.text !== "string") host.out(result.text);
  else if (result.text !== "") host.out(result.text.endsWith("\n") ? result.text : `${result.text}\n`);
  for (const note of result.notes ?? []) host.err(`${note}\n`);
}

function fail(thrown: unknown, host: Host, human: boolean): number {
  const usage = thrown instanceof UsageError;
  const error = thrown instanceof PlatformError ? thrown : unexpected(thrown);
  if (error instanceof ApiError && error.code === "unauthenticated") error.details.hint ??= signInHint(host);
  if (!human) host.out(`${JSON.stringify(errorJson(error), null, 2)}\n`);
  else host.err(`${errorText(error, paintFor(host.errIsTerminal, host.env))}\n`);
  if (usage && human) host.err(`\`isola help${usageHelp(thrown)}\` shows how it is used.\n`);
  if (error.code === "internal" && host.env.ISOLA_DEBUG !== undefined && thrown instanceof Error) {
    host.err(`${thrown.stack ?? ""}\n`);
  }
  return usage ? EXIT.usage : EXIT.failed;
}

const signInHint = (host: Host): string =>
  host.env.ISOLA_TOKEN
    ? "ISOLA_TOKEN is in use here: check it."
    : "The saved sign-in is no longer good: `isola login`.";

const usageHelp = (error: UsageError): string => (error.command === null ? "" : ` ${error.command}`);

/** A bug, ours or that of another version on the other side. */
function unexpected(thrown: unknown): PlatformError {
  if (thrown instanceof Error && thrown.name === "ZodError") {
    return new PlatformError(
      "internal",
      `The control plane gave an answer that isola ${VERSION} does not understand. ` +
        "It may be of another version: `isola version` shows both.",
    );
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new PlatformError("internal", `Something unexpected went wrong: ${message}. ISOLA_DEBUG=1 shows where.`);
}

// Read before the command line is understood, since a refusal of it must be JSON too.
function wantsJson(words: readonly string[]): boolean {
  return words.some((word, index) => word === "--output=json" || (word === "--output" && words[index + 1] === "json"));
}

const asksForHelp = (words: readonly string[]): boolean => words.some((word) => word === "--help" || word === "-h");
