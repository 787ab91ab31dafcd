import type { z } from "zod";

import type { PageRequest } from "../contracts/doors.ts";
import { PlatformError } from "../contracts/errors.ts";
import { PAGE_SIZE_MAX } from "../contracts/limits.ts";

/** Items of a page, within the platform's bound. */
export function pageSize(page: PageRequest): number {
  return Math.min(Math.max(1, Math.trunc(page.limit)), PAGE_SIZE_MAX);
}

/** Writes down where the next page begins; opaque to whoever carries it, safe in a URL. The position is ASCII. */
export function encodeCursor(position: unknown): string {
  return btoa(JSON.stringify(position)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Reads what {@link encodeCursor} wrote; null for a first page, `invalid` for anything made up. */
export function decodeCursor<T>(cursor: string | null, schema: z.ZodType<T>): T | null {
  if (cursor === null) return null;
  const parsed = schema.safeParse(parseJson(cursor));
  if (parsed.success) return parsed.data;
  throw new PlatformError("invalid", "The cursor is not one that this list gave. Begin again without a cursor.", {
    issues: [{ field: "cursor", reason: "is not one that this list gave" }],
  });
}

function parseJson(cursor: string): unknown {
  try {
    return JSON.parse(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return undefined;
  }
}
