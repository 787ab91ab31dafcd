import * as z from "zod";

import { secretNameSchema, secretValueSchema } from "../secrets.ts";
import { endpoint, pageOf, pageQuery, scriptRef, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

/** Everything about a secret but its value, which nothing answers with. */
const secretSchema = z.object({
  name: z.string(),
  /** The one script that may read it; null for all of the org. */
  script: scriptRef.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  /** Version of the key that seals it. */
  keyVersion: z.number().int(),
});

const secretParams = orgParams.extend({ name: secretNameSchema });
const script = z.string().min(1).max(100).optional();
/** Name or id of the script whose own secret is meant; the org's without it. */
const scriptQuery = z.object({ script });

export const listSecrets = endpoint({
  id: "listSecrets",
  method: "GET",
  path: "/orgs/{slug}/secrets",
  tag: "Secrets",
  summary: "List the secrets of an org, without their values",
  capability: "secrets:read",
  params: orgParams,
  response: pageOf(secretSchema),
  errors: ["not_found"],
});

export const getSecret = endpoint({
  id: "getSecret",
  method: "GET",
  path: "/orgs/{slug}/secrets/{name}",
  tag: "Secrets",
  summary: "Say of a secret whose it is and how old, without its value",
  capability: "secrets:read",
  params: secretParams,
  query: scriptQuery,
  response: secretSchema,
  errors: ["not_found"],
});

export const putSecret = endpoint({
  id: "putSecret",
  method: "PUT",
  path: "/orgs/{slug}/secrets/{name}",
  tag: "Secrets",
  summary: "Set a secret; scripts read the new value within seconds",
  capability: "secrets:write",
  params: secretParams,
  body: z.strictObject({
    value: secretValueSchema,
    /** Name or id of the one script that may read it. */
    script,
  }),
  response: secretSchema,
  errors: ["not_found", "invalid", "over_budget"],
});

export const deleteSecret = endpoint({
  id: "deleteSecret",
  method: "DELETE",
  path: "/orgs/{slug}/secrets/{name}",
  tag: "Secrets",
  summary: "Delete a secret",
  capability: "secrets:write",
  params: secretParams,
  query: scriptQuery,
  errors: ["not_found"],
});

export const rewrapSecrets = endpoint({
  id: "rewrapSecrets",
  method: "POST",
  path: "/secrets/rewrap",
  tag: "Secrets",
  summary: "Seal the secrets of a page of orgs by the newest key; go on with the cursor until it is null",
  capability: "platform:secrets",
  body: z.strictObject({ cursor: pageQuery.shape.cursor, limit: z.number().int().min(1).max(100).optional() }),
  response: z.object({
    orgs: z.number().int(),
    /** Secrets that were sealed by an older key. */
    rewrapped: z.number().int(),
    cursor: z.string().nullable(),
  }),
});
