import * as z from "zod";

import { idSchema } from "../ids.ts";
import { ORG_ROLES, PERSON_ROLES } from "../rights.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { emailSchema, nameSchema, passwordSchema, userSchema } from "./identity.ts";

/** A role in the org where there is one, else on the platform. */
const role = z.enum([...new Set([...ORG_ROLES, ...PERSON_ROLES])]);

/** A place that is kept for an address until its time is over. */
export const invitationSchema = z.object({
  id: idSchema("invitation"),
  email: z.string(),
  role,
  /** Null where somebody asked for an account, or who invited is gone. */
  invitedBy: z.object({ id: idSchema("user"), name: z.string() }).nullable(),
  state: z.enum(["open", "expired"]),
  createdAt: timestamp,
  expiresAt: timestamp,
});

export const listPlatformInvitations = endpoint({
  id: "listPlatformInvitations",
  method: "GET",
  path: "/invitations",
  tag: "Users",
  summary: "List the invitations to the platform that nobody has taken yet",
  capability: "users:read",
  query: pageQuery,
  response: pageOf(invitationSchema),
});

export const revokePlatformInvitation = endpoint({
  id: "revokePlatformInvitation",
  method: "DELETE",
  path: "/invitations/{id}",
  tag: "Users",
  summary: "Revoke an invitation to the platform; its link is worth nothing from then on",
  capability: "users:write",
  params: z.object({ id: idSchema("invitation") }),
  errors: ["not_found", "forbidden"],
});

/** The part of an invitation's link that makes it good. */
const token = z.string().min(1).max(200);

export const lookAtInvitation = endpoint({
  id: "lookAtInvitation",
  method: "POST",
  path: "/invitations/look",
  tag: "Invitations",
  summary: "Say what the link of an invitation is for",
  capability: null,
  body: z.object({ token }),
  response: z.object({
    email: z.string(),
    org: z.object({ slug: z.string(), name: z.string() }).nullable(),
    role,
    /** Name of who invites; null where somebody asked for an account. */
    invitedBy: z.string().nullable(),
    /** Whether the address has an account, which has to be signed in to accept. */
    hasAccount: z.boolean(),
    expiresAt: timestamp,
  }),
  errors: ["not_found", "gone"],
});

export const acceptInvitation = endpoint({
  id: "acceptInvitation",
  method: "POST",
  path: "/invitations/accept",
  tag: "Invitations",
  summary: "Accept an invitation: signed in as its address, or with a name and a password for a new account",
  capability: null,
  body: z.object({ token, name: nameSchema.optional(), password: passwordSchema.optional() }),
  response: z.object({
    user: userSchema,
    /** Slug of the org that it was for, or null. */
    org: z.string().nullable(),
    /** Whether the account was made; it is not signed in by this. */
    created: z.boolean(),
  }),
  errors: ["unauthenticated", "forbidden", "not_found", "conflict", "gone", "over_quota"],
});

export const signUp = endpoint({
  id: "signUp",
  method: "POST",
  path: "/sign-up",
  tag: "Invitations",
  summary: "Ask for an account; the link that makes it comes by mail. Answers the same whether or not there is one",
  capability: null,
  body: z.object({ email: emailSchema }),
  response: z.object({}),
  status: 202,
  errors: ["forbidden", "too_many_requests"],
});
