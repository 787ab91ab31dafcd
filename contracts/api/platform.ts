import * as z from "zod";

import { endpoint } from "./endpoint.ts";

/** What holds for the whole platform. */
const settingsSchema = z.object({
  /** Who may make an account: whoever was invited, or anybody. */
  signUp: z.enum(["invitation", "open"]),
  /** Whether people without a role on the platform may make orgs. */
  membersCreateOrgs: z.boolean(),
});

export const getPlatformSettings = endpoint({
  id: "getPlatformSettings",
  method: "GET",
  path: "/platform/settings",
  tag: "Platform",
  summary: "Get what holds for the whole platform",
  capability: "platform:settings",
  response: settingsSchema,
});

export const patchPlatformSettings = endpoint({
  id: "patchPlatformSettings",
  method: "PATCH",
  path: "/platform/settings",
  tag: "Platform",
  summary: "Change what holds for the whole platform",
  capability: "platform:settings",
  body: settingsSchema
    .partial()
    .refine(({ signUp, membersCreateOrgs }) => signUp !== undefined || membersCreateOrgs !== undefined, {
      message: "must name something to change: signUp or membersCreateOrgs",
    }),
  response: settingsSchema,
  errors: ["invalid"],
});
