import * as z from "zod";

import { idSchema } from "../ids.ts";
import { SEARCH_TEXT_LENGTH_MAX } from "../limits.ts";
import { ORG_ROLES, PERSON_ROLES } from "../rights.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { emailSchema, nameSchema } from "./identity.ts";
import { invitationSchema } from "./invitations.ts";

const role = z.enum(PERSON_ROLES);

/** A person with an account on the platform. */
const personSchema = z.object({
  id: idSchema("user"),
  email: z.string(),
  name: z.string(),
  role,
  active: z.boolean(),
  /** Since when the account cannot do anything, or null. */
  deactivatedAt: timestamp.nullable(),
  createdAt: timestamp,
});

const personDetailSchema = personSchema.extend({
  twoFactorEnabled: z.boolean(),
  /** Sessions and API keys that are good now. */
  sessions: z.number().int(),
  keys: z.number().int(),
  orgCount: z.number().int(),
  /** The first of their orgs, by slug. */
  orgs: z.array(z.object({ slug: z.string(), role: z.enum(ORG_ROLES) })),
});

const params = z.object({ id: idSchema("user") });

export const listUsers = endpoint({
  id: "listUsers",
  method: "GET",
  path: "/users",
  tag: "Users",
  summary: "List the people who have an account",
  capability: "users:read",
  query: pageQuery.extend({
    /** How the e-mail address or the name begins, in whatever case. */
    search: z.string().min(1).max(SEARCH_TEXT_LENGTH_MAX).optional(),
    role: role.optional(),
    active: z.enum(["true", "false"]).optional(),
  }),
  response: pageOf(personSchema),
});

export const inviteUser = endpoint({
  id: "inviteUser",
  method: "POST",
  path: "/users",
  tag: "Users",
  summary: "Invite somebody to the platform by mail; an invitation that is open for the address is replaced",
  capability: "users:write",
  body: z.object({ email: emailSchema, role: role.default("member") }),
  response: invitationSchema,
  status: 201,
  errors: ["invalid", "forbidden", "conflict", "too_many_requests"],
});

export const getUser = endpoint({
  id: "getUser",
  method: "GET",
  path: "/users/{id}",
  tag: "Users",
  summary: "Get one person with their orgs, sessions and keys",
  capability: "users:read",
  params,
  response: personDetailSchema,
  errors: ["not_found"],
});

export const patchUser = endpoint({
  id: "patchUser",
  method: "PATCH",
  path: "/users/{id}",
  tag: "Users",
  summary: "Change a person's name or role; `active: false` ends their sessions and keys at once",
  capability: "users:write",
  params,
  body: z
    .object({ name: nameSchema.optional(), role: role.optional(), active: z.boolean().optional() })
    .refine((patch) => Object.values(patch).some((value) => value !== undefined), {
      message: "must name something to change: name, role or active",
    }),
  response: personSchema,
  errors: ["not_found", "invalid", "forbidden", "conflict"],
});

export const signOutUser = endpoint({
  id: "signOutUser",
  method: "POST",
  path: "/users/{id}/sign-out",
  tag: "Users",
  summary: "End all sessions of a person",
  capability: "users:write",
  params,
  errors: ["not_found", "forbidden"],
});
