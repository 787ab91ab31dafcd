import * as z from "zod";

import { idSchema } from "../ids.ts";
import { TEXT_LENGTH_MAX } from "../limits.ts";
import { CAPABILITIES, PLATFORM_ROLES, scopeSchema } from "../rights.ts";
import { slugSchema } from "../slug.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";

export const passwordSchema = z.string().min(12, "must have at least 12 characters").max(200);
export const emailSchema = z.email("must be an e-mail address").max(254);

export const userSchema = z.object({
  id: idSchema("user"),
  email: z.string(),
  name: z.string(),
  role: z.enum(PLATFORM_ROLES),
});

const meSchema = z.object({
  principal: z.object({
    type: z.enum(["user", "key"]),
    /** The key's id and name when a key asks. */
    key: z
      .object({ id: idSchema("key"), name: z.string(), scopes: z.array(scopeSchema), org: z.string().nullable() })
      .nullable(),
  }),
  /** `twoFactor`: whether signing in with the password takes a code as well. */
  user: userSchema.extend({ twoFactor: z.boolean() }),
  capabilities: z.array(z.enum(CAPABILITIES)),
});

const keySchema = z.object({
  id: idSchema("key"),
  name: z.string(),
  /** First characters of the key, to recognise it by. */
  prefix: z.string(),
  scopes: z.array(scopeSchema),
  /** Slug of the org the key is bound to, or null. */
  org: z.string().nullable(),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  lastUsedAt: timestamp.nullable(),
});

/** Whether the platform has its first owner; says nothing else. */
export const getSetup = endpoint({
  id: "getSetup",
  method: "GET",
  path: "/setup",
  tag: "Identity",
  summary: "Say whether the platform has an owner",
  capability: null,
  response: z.object({ claimed: z.boolean() }),
});

export const claimOwner = endpoint({
  id: "claimOwner",
  method: "POST",
  path: "/setup",
  tag: "Identity",
  summary: "Become the first owner with the one-time set-up token",
  capability: null,
  body: z.object({
    token: z.string().min(1).max(200),
    email: emailSchema,
    password: passwordSchema,
    name: z.string().trim().min(1).max(TEXT_LENGTH_MAX).optional(),
  }),
  response: userSchema,
  status: 201,
  errors: ["forbidden", "conflict", "invalid"],
});

export const getMe = endpoint({
  id: "getMe",
  method: "GET",
  path: "/me",
  tag: "Identity",
  summary: "Say who you are and what you may do",
  capability: "me:read",
  response: meSchema,
});

export const listKeys = endpoint({
  id: "listKeys",
  method: "GET",
  path: "/keys",
  tag: "Keys",
  summary: "List your API keys",
  capability: "keys:manage",
  query: pageQuery,
  response: pageOf(keySchema),
});

export const createKey = endpoint({
  id: "createKey",
  method: "POST",
  path: "/keys",
  tag: "Keys",
  summary: "Make an API key; the key itself is shown this once",
  capability: "keys:manage",
  body: z.object({
    name: z.string().trim().min(1).max(TEXT_LENGTH_MAX),
    scopes: z.array(scopeSchema).min(1).max(20).default(["*"]),
    /** Bind the key to one org. */
    org: slugSchema.optional(),
    expiresAt: timestamp.optional(),
  }),
  response: keySchema.extend({ key: z.string() }),
  status: 201,
  errors: ["invalid", "not_found", "conflict", "forbidden"],
});

export const revokeKey = endpoint({
  id: "revokeKey",
  method: "DELETE",
  path: "/keys/{id}",
  tag: "Keys",
  summary: "Revoke an API key at once",
  capability: "keys:manage",
  params: z.object({ id: idSchema("key") }),
  errors: ["not_found"],
});
