import type { Command } from "./command.ts";
import { suggest } from "./suggest.ts";

/** What the words of a command line point at. */
export type Found =
  | { kind: "command"; command: Command; rest: string[] }
  | { kind: "group"; name: string; commands: Command[]; rest: string[] }
  | { kind: "nothing" }
  | { kind: "unknown"; typed: string; meant: string | null };

/** Finds the command at the head of a command line; options before it are the caller's business. */
export function findCommand(table: readonly Command[], words: readonly string[]): Found {
  const [object, verb] = words;
  if (object === undefined || object.startsWith("-")) return { kind: "nothing" };
  const single = table.find((command) => command.name === object);
  if (single !== undefined) return { kind: "command", command: single, rest: words.slice(1) };
  const group = table.filter((command) => command.name.startsWith(`${object} `));
  if (group.length === 0) {
    return { kind: "unknown", typed: object, meant: suggest(object, new Set(table.map(firstWord))) };
  }
  if (verb === undefined || verb.startsWith("-")) {
    return { kind: "group", name: object, commands: group, rest: words.slice(1) };
  }
  const name = `${object} ${verb}`;
  const command = group.find((candidate) => candidate.name === name);
  if (command !== undefined) return { kind: "command", command, rest: words.slice(2) };
  return {
    kind: "unknown",
    typed: name,
    meant: suggest(
      name,
      group.map((candidate) => candidate.name),
    ),
  };
}

/** First word of a command's name: the object, or the whole of it. */
export const firstWord = (command: Command): string => command.name.split(" ")[0] ?? command.name;
