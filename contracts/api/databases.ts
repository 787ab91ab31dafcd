import * as z from "zod";

import { endpoint, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

export const databaseSchema = z.object({
  driver: z.enum(["neon"]),
  state: z.enum(["creating", "ready", "destroying", "failed"]),
  /** What the provider calls what belongs to it. */
  provider: z.record(z.string(), z.unknown()),
  /** Name of the org's secret that holds the connection string. */
  secret: z.string(),
  error: z.string().nullable(),
  createdAt: timestamp,
});

export const getDatabase = endpoint({
  id: "getDatabase",
  method: "GET",
  path: "/orgs/{slug}/database",
  tag: "Databases",
  summary: "Get an org's own database; null where it has none",
  capability: "machines:read",
  params: orgParams,
  response: z.object({ database: databaseSchema.nullable() }),
  errors: ["not_found"],
});

export const createDatabase = endpoint({
  id: "createDatabase",
  method: "POST",
  path: "/orgs/{slug}/database",
  tag: "Databases",
  summary: "Give an org a database of its own; its connection string becomes a secret of the org",
  capability: "machines:write",
  params: orgParams,
  response: z.object({ database: databaseSchema.nullable() }),
  status: 202,
  errors: ["not_found", "conflict", "invalid"],
});

export const deleteDatabase = endpoint({
  id: "deleteDatabase",
  method: "DELETE",
  path: "/orgs/{slug}/database",
  tag: "Databases",
  summary: "Destroy an org's own database with all its data",
  capability: "machines:write",
  params: orgParams,
  query: z.object({ confirm: z.string().max(100) }),
  errors: ["not_found", "invalid", "unavailable"],
});
