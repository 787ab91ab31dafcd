import { UsageError } from "../framework/usage.ts";
import { ORG_OPTION } from "./org.ts";

/** The options with which one dead letter, or all of them, are meant. */
export const DEAD_LETTER_OPTIONS = {
  org: ORG_OPTION,
  all: { type: "boolean", about: "all dead letters" },
  trigger: { type: "string", value: "trigger", about: "with --all: only those of this trigger (name or id)" },
} as const;

interface Given {
  all: boolean;
  trigger: string | undefined;
}

/**
 * Which dead letters are meant: the id of one, or null for all.
 * @throws UsageError where both or neither are named.
 */
export function oneOrAll(id: string | undefined, { all, trigger }: Given, command: string): string | null {
  if (id !== undefined && all) throw new UsageError("An id or --all, not both.", command);
  if (id !== undefined && trigger !== undefined) throw new UsageError("--trigger goes with --all.", command);
  if (id === undefined && !all) throw new UsageError("Which one? Give its id, or say --all.", command);
  return id ?? null;
}
