import type { z } from "zod";

import type { keySchema } from "../../contracts/api/identity.ts";
import { formatTime } from "../framework/text.ts";

type Key = z.output<typeof keySchema>;

export const KEY_HEADING = ["id", "name", "begins", "scopes", "org", "a minute", "expires", "last used"];

/** One key in a table under {@link KEY_HEADING}. */
export const keyRow = (key: Key): string[] => [
  key.id,
  key.name,
  key.prefix,
  key.scopes.join(" "),
  key.org ?? "-",
  key.requestsPerMinute === null ? "-" : String(key.requestsPerMinute),
  key.expiresAt === null ? "never" : formatTime(key.expiresAt),
  key.lastUsedAt === null ? "never" : formatTime(key.lastUsedAt),
];
