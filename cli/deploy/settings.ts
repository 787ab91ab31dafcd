import { scriptNameSchema } from "../../contracts/api/scripts.ts";
import type { ParsedRoute } from "../../contracts/routing/index.ts";
import { UsageError } from "../framework/usage.ts";
import type { Entry } from "./entry.ts";

/** The option of every command that saves versions. */
export const KIND_OPTION = {
  type: "string",
  value: "endpoint|module",
  about: "what it is: it answers requests, or other scripts import it (default what it was, or endpoint)",
} as const;

/**
 * Reads `--kind`; undefined when it is left as it is.
 * @throws UsageError for anything else, and for a module with routes.
 */
export function readKind(
  given: string | undefined,
  routes: readonly ParsedRoute[],
  command: string,
): "endpoint" | "module" | undefined {
  if (given !== undefined && given !== "endpoint" && given !== "module") {
    throw new UsageError(`--kind must be endpoint or module, not "${given}".`, command);
  }
  if (given === "module" && routes.length > 0) {
    throw new UsageError("A module answers no requests, so it has no routes: leave --route out.", command);
  }
  return given;
}

/**
 * The name of a script: the given one, or what its file or folder is called.
 * @throws UsageError when that is no script name.
 */
export function scriptName(given: string | undefined, entry: Entry, command: string): string {
  const name = given ?? entry.name;
  const parsed = scriptNameSchema.safeParse(name);
  if (parsed.success) return name;
  const reason = parsed.error.issues[0]?.message ?? "is not one";
  throw new UsageError(`The script name "${name}" ${reason}. Say --name <script>.`, command);
}
