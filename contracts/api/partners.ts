import * as z from "zod";

import { idSchema } from "../ids.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { keySchema, madeKeySchema, nameSchema, newKeySchema } from "./identity.ts";

/** A program that makes and manages orgs of its own. */
const partnerSchema = z.object({
  id: idSchema("user"),
  name: z.string(),
  active: z.boolean(),
  deactivatedAt: timestamp.nullable(),
  /** Orgs that it has a part in, and keys of it that are good now. */
  orgs: z.number().int(),
  keys: z.number().int(),
  createdAt: timestamp,
});

const params = z.object({ id: idSchema("user") });

export const listPartners = endpoint({
  id: "listPartners",
  method: "GET",
  path: "/partners",
  tag: "Partners",
  summary: "List the partners",
  capability: "partners:manage",
  query: pageQuery,
  response: pageOf(partnerSchema),
});

export const createPartner = endpoint({
  id: "createPartner",
  method: "POST",
  path: "/partners",
  tag: "Partners",
  summary: "Make a partner; it acts by the keys that are made for it",
  capability: "partners:manage",
  body: z.object({ name: nameSchema }),
  response: partnerSchema,
  status: 201,
  errors: ["invalid"],
});

export const getPartner = endpoint({
  id: "getPartner",
  method: "GET",
  path: "/partners/{id}",
  tag: "Partners",
  summary: "Get one partner",
  capability: "partners:manage",
  params,
  response: partnerSchema,
  errors: ["not_found"],
});

export const patchPartner = endpoint({
  id: "patchPartner",
  method: "PATCH",
  path: "/partners/{id}",
  tag: "Partners",
  summary: "Rename a partner; `active: false` ends its keys at once, and its orgs go on",
  capability: "partners:manage",
  params,
  body: z
    .object({ name: nameSchema.optional(), active: z.boolean().optional() })
    .refine(({ name, active }) => name !== undefined || active !== undefined, {
      message: "must name something to change: name or active",
    }),
  response: partnerSchema,
  errors: ["not_found", "invalid"],
});

export const listPartnerKeys = endpoint({
  id: "listPartnerKeys",
  method: "GET",
  path: "/partners/{id}/keys",
  tag: "Partners",
  summary: "List a partner's API keys",
  capability: "partners:manage",
  params,
  query: pageQuery,
  response: pageOf(keySchema),
  errors: ["not_found"],
});

export const createPartnerKey = endpoint({
  id: "createPartnerKey",
  method: "POST",
  path: "/partners/{id}/keys",
  tag: "Partners",
  summary: "Make an API key for a partner; the key itself is shown this once",
  capability: "partners:manage",
  params,
  body: newKeySchema,
  response: madeKeySchema,
  status: 201,
  errors: ["invalid", "not_found", "conflict", "forbidden", "over_quota"],
});

export const revokePartnerKey = endpoint({
  id: "revokePartnerKey",
  method: "DELETE",
  path: "/partners/{id}/keys/{key}",
  tag: "Partners",
  summary: "Revoke a partner's API key at once",
  capability: "partners:manage",
  params: params.extend({ key: idSchema("key") }),
  errors: ["not_found"],
});
