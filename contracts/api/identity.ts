import * as z from "zod";

import { idSchema } from "../ids.ts";
import { KEY_REQUESTS_PER_MINUTE_MAX, TEXT_LENGTH_MAX } from "../limits.ts";
import { CAPABILITIES, PLATFORM_ROLES, scopeSchema } from "../rights.ts";
import { slugSchema } from "../slug.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

export const passwordSchema = z.string().min(12, "must have at least 12 characters").max(200);
export const emailSchema = z.email("must be an e-mail address").max(254);
/** What a person or a thing is called. */
export const nameSchema = z.string().trim().min(1).max(TEXT_LENGTH_MAX);

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

/** A key's own rate, where it is less than what its owner may make; null for none of its own. */
const requestsPerMinute = z.number().int().min(1).max(KEY_REQUESTS_PER_MINUTE_MAX).nullable();

export const keySchema = z.object({
  id: idSchema("key"),
  name: z.string(),
  /** First characters of the key, to recognise it by. */
  prefix: z.string(),
  scopes: z.array(scopeSchema),
  /** Slug of the org the key is bound to, or null. */
  org: z.string().nullable(),
  /** Its own rate, or null. */
  requestsPerMinute: z.number().int().nullable(),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  lastUsedAt: timestamp.nullable(),
});

/** What a new key is to be. */
export const newKeySchema = z.object({
  name: nameSchema,
  scopes: z.array(scopeSchema).min(1).max(20).default(["*"]),
  /** Bind the key to one org. */
  org: slugSchema.optional(),
  expiresAt: timestamp.optional(),
  requestsPerMinute: requestsPerMinute.optional(),
});

/** A key with its secret, which is shown this once. */
export const madeKeySchema = keySchema.extend({ key: z.string() });

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
    name: nameSchema.optional(),
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
  body: newKeySchema,
  response: madeKeySchema,
  status: 201,
  errors: ["invalid", "not_found", "conflict", "forbidden", "over_quota"],
});

export const patchKey = endpoint({
  id: "patchKey",
  method: "PATCH",
  path: "/keys/{id}",
  tag: "Keys",
  summary: "Rename an API key, or change its own rate",
  capability: "keys:manage",
  params: z.object({ id: idSchema("key") }),
  body: z
    .object({ name: nameSchema.optional(), requestsPerMinute: requestsPerMinute.optional() })
    .refine(({ name, requestsPerMinute }) => name !== undefined || requestsPerMinute !== undefined, {
      message: "must name something to change: name or requestsPerMinute",
    }),
  response: keySchema,
  errors: ["not_found", "invalid", "forbidden"],
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

/** A key as the admins of the org it is bound to see it. */
const orgKeySchema = keySchema.extend({ owner: z.object({ id: idSchema("user"), name: z.string() }) });

export const listOrgKeys = endpoint({
  id: "listOrgKeys",
  method: "GET",
  path: "/orgs/{slug}/keys",
  tag: "Keys",
  summary: "List the API keys that are bound to an org, whoever made them",
  capability: "org:keys",
  params: orgParams,
  query: pageQuery,
  response: pageOf(orgKeySchema),
  errors: ["not_found"],
});

export const revokeOrgKey = endpoint({
  id: "revokeOrgKey",
  method: "DELETE",
  path: "/orgs/{slug}/keys/{id}",
  tag: "Keys",
  summary: "Revoke an API key that is bound to an org, whoever made it",
  capability: "org:keys",
  params: orgParams.extend({ id: idSchema("key") }),
  errors: ["not_found"],
});
