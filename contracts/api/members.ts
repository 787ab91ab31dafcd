import * as z from "zod";

import { idSchema } from "../ids.ts";
import { ORG_ROLES } from "../rights.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { emailSchema } from "./identity.ts";
import { invitationSchema } from "./invitations.ts";
import { orgParams } from "./orgs.ts";

const role = z.enum(ORG_ROLES);

/** Somebody who has a part in an org. */
const memberSchema = z.object({
  id: idSchema("user"),
  /** A partner is a program: it acts by keys, and its address takes no mail. */
  type: z.enum(["person", "partner"]),
  email: z.string(),
  name: z.string(),
  role,
  /** False for an account that is deactivated. */
  active: z.boolean(),
  joinedAt: timestamp,
});

const memberParams = orgParams.extend({ userId: idSchema("user") });

export const listMembers = endpoint({
  id: "listMembers",
  method: "GET",
  path: "/orgs/{slug}/members",
  tag: "Members",
  summary: "List the members of an org",
  capability: "members:read",
  params: orgParams,
  query: pageQuery,
  response: pageOf(memberSchema),
  errors: ["not_found"],
});

export const inviteMember = endpoint({
  id: "inviteMember",
  method: "POST",
  path: "/orgs/{slug}/members",
  tag: "Members",
  summary: "Invite somebody to an org by mail; an invitation that is open for the address is replaced",
  capability: "members:write",
  params: orgParams,
  body: z.object({ email: emailSchema, role }),
  response: invitationSchema,
  status: 201,
  errors: ["not_found", "invalid", "forbidden", "conflict", "over_quota", "too_many_requests"],
});

export const patchMember = endpoint({
  id: "patchMember",
  method: "PATCH",
  path: "/orgs/{slug}/members/{userId}",
  tag: "Members",
  summary: "Change a member's role",
  capability: "members:write",
  params: memberParams,
  body: z.object({ role }),
  response: memberSchema,
  errors: ["not_found", "invalid", "forbidden", "conflict"],
});

export const removeMember = endpoint({
  id: "removeMember",
  method: "DELETE",
  path: "/orgs/{slug}/members/{userId}",
  tag: "Members",
  summary: "Remove a member with the keys they have for this org",
  capability: "members:write",
  params: memberParams,
  errors: ["not_found", "forbidden", "conflict"],
});

export const leaveOrg = endpoint({
  id: "leaveOrg",
  method: "POST",
  path: "/orgs/{slug}/leave",
  tag: "Members",
  summary: "Leave an org",
  capability: "org:leave",
  params: orgParams,
  /** The slug again, so that nobody leaves by a slip. */
  body: z.object({ confirm: z.string().max(100) }),
  errors: ["not_found", "invalid", "conflict"],
});

export const listInvitations = endpoint({
  id: "listInvitations",
  method: "GET",
  path: "/orgs/{slug}/invitations",
  tag: "Members",
  summary: "List the invitations to an org that nobody has taken yet",
  capability: "members:read",
  params: orgParams,
  query: pageQuery,
  response: pageOf(invitationSchema),
  errors: ["not_found"],
});

const invitationParams = orgParams.extend({ id: idSchema("invitation") });

export const revokeInvitation = endpoint({
  id: "revokeInvitation",
  method: "DELETE",
  path: "/orgs/{slug}/invitations/{id}",
  tag: "Members",
  summary: "Revoke an invitation; its link is worth nothing from then on",
  capability: "members:write",
  params: invitationParams,
  errors: ["not_found", "forbidden"],
});

export const resendInvitation = endpoint({
  id: "resendInvitation",
  method: "POST",
  path: "/orgs/{slug}/invitations/{id}/resend",
  tag: "Members",
  summary: "Send an invitation again: a new one with a new link takes its place",
  capability: "members:write",
  params: invitationParams,
  response: invitationSchema,
  status: 201,
  errors: ["not_found", "forbidden", "conflict", "over_quota", "too_many_requests"],
});
