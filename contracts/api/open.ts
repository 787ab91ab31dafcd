import * as z from "zod";

import { returnPathSchema } from "../return-path.ts";
import { endpoint, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

export const signInToOrg = endpoint({
  id: "signInToOrg",
  method: "POST",
  path: "/orgs/{slug}/open",
  tag: "Orgs",
  summary: "Get an address at which a browser is signed in to the org's own host, good once and for a minute",
  capability: "org:open",
  params: orgParams,
  body: z.strictObject({ to: returnPathSchema.optional() }).optional(),
  response: z.object({ url: z.string(), expiresAt: timestamp }),
  errors: ["not_found", "invalid", "forbidden", "conflict"],
});

export const rotateSigningKeys = endpoint({
  id: "rotateSigningKeys",
  method: "POST",
  path: "/platform/signing-keys/rotate",
  tag: "Platform",
  summary: "Sign people in to orgs' hosts with a new key; `revoke` ends all that the old ones have signed",
  capability: "platform:secrets",
  body: z.strictObject({ revoke: z.boolean().optional() }).optional(),
  response: z.object({
    items: z.array(
      z.object({
        /** The `kid` of the tokens that it signs. */
        id: z.string(),
        /** From when it signs. */
        activeFrom: timestamp,
        /** Until when what it signed is believed. */
        expiresAt: timestamp,
      }),
    ),
  }),
  errors: ["invalid", "forbidden"],
});
