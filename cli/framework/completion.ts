import type { Command } from "./command.ts";
import { firstWord } from "./find.ts";
import { COMMON_OPTIONS } from "./parse.ts";

/** A script for bash that completes commands and options; whatever else stands on the line is a file's name. */
export function bashCompletion(table: readonly Command[]): string {
  const heads = [...new Set(table.map(firstWord)), "help"];
  const groups = heads.filter((head) => table.some((command) => command.name.startsWith(`${head} `)));
  const verbs = groups.map((group) => {
    const names = table.filter((command) => command.name.startsWith(`${group} `));
    return `    "2 ${group} "*) words="${names.map((command) => command.name.slice(group.length + 1)).join(" ")}" ;;`;
  });
  const options = table.map((command) => {
    const flags = Object.keys({ ...command.options, ...COMMON_OPTIONS }).map((name) => `--${name}`);
    const pattern = command.name.includes(" ") ? `" ${command.name}"` : `" ${command.name} "*`;
    return `    [2-9]*${pattern}) options="${flags.join(" ")}" ;;`;
  });
  return [
    "_isola() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" words="" options=""',
    '  case "$COMP_CWORD ${COMP_WORDS[1]} ${COMP_WORDS[2]}" in',
    `    "1 "*) words="${heads.join(" ")}" ;;`,
    ...verbs,
    ...options,
    "  esac",
    '  [[ $current == -* ]] && words="$options"',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    "complete -o default -F _isola isola",
  ].join("\n");
}
