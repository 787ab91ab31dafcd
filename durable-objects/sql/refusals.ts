import { PlatformError } from "../../contracts/errors.ts";

/** The refusal of a statement that is not run, with what is wrong about it. */
export function invalidSql(reason: string): PlatformError {
  return new PlatformError("invalid", `The SQL is not valid: ${reason}.`, {
    issues: [{ field: "text", reason }],
  });
}

/** The refusal of a statement that would take too long or bring too much, with what to do instead. */
export function tooMuchSql(message: string, details: { limit: number; usage: number }): PlatformError {
  return new PlatformError("over_budget", message, details);
}
