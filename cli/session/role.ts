import { suggest } from "../framework/suggest.ts";
import { UsageError } from "../framework/usage.ts";

/** A role as somebody typed it. Throws a `UsageError` that lists those there are. */
export function roleOf<R extends string>(text: string, roles: readonly R[], command: string): R {
  const role = roles.find((known) => known === text);
  if (role !== undefined) return role;
  const near = suggest(text, roles);
  const hint = near === null ? `It is one of ${roles.join(", ")}.` : `Did you mean ${near}?`;
  throw new UsageError(`There is no role "${text}". ${hint}`, command);
}
