import * as z from "zod";

import { TEXT_LENGTH_MAX } from "../limits.ts";
import { endpoint, timestamp } from "./endpoint.ts";
import { userSchema } from "./identity.ts";

const sessionSchema = z.object({
  id: z.string(),
  /** Browser and system as far as they can be told, such as `Firefox on Linux`. */
  device: z.string(),
  /** City and country as the network tells them; null where nobody does. */
  place: z.string().nullable(),
  address: z.string().nullable(),
  createdAt: timestamp,
  /** Written down every few minutes at most. */
  lastSeenAt: timestamp,
  expiresAt: timestamp,
  /** Whether it is the one that asks. */
  current: z.boolean(),
});

export const patchMe = endpoint({
  id: "patchMe",
  method: "PATCH",
  path: "/me",
  tag: "Identity",
  summary: "Change your name",
  capability: "me:write",
  body: z.object({ name: z.string().trim().min(1).max(TEXT_LENGTH_MAX) }),
  response: userSchema,
  errors: ["invalid"],
});

export const listSessions = endpoint({
  id: "listSessions",
  method: "GET",
  path: "/me/sessions",
  tag: "Identity",
  summary: "List where you are signed in",
  capability: "me:read",
  response: z.object({ items: z.array(sessionSchema), cursor: z.null() }),
});

export const endSession = endpoint({
  id: "endSession",
  method: "DELETE",
  path: "/me/sessions/{id}",
  tag: "Identity",
  summary: "Sign one browser out at once",
  capability: "me:write",
  params: z.object({ id: z.string().min(1).max(64) }),
  errors: ["not_found"],
});

export const endOtherSessions = endpoint({
  id: "endOtherSessions",
  method: "DELETE",
  path: "/me/sessions",
  tag: "Identity",
  summary: "Sign every browser out but the one that asks",
  capability: "me:write",
});
