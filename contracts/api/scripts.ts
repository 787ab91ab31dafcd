import * as z from "zod";

import { idSchema } from "../ids.ts";
import { FILE_PATH_LENGTH_MAX, SCRIPT_NAME_LENGTH_MAX, TEXT_LENGTH_MAX } from "../limits.ts";
import { scriptLimitsSchema, someScriptLimitsSchema } from "../script-limits.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { invokeAnswerSchema, invokeInputSchema } from "./executions.ts";
import { orgParams } from "./orgs.ts";

export const scriptNameSchema = z
  .string()
  .max(SCRIPT_NAME_LENGTH_MAX)
  .regex(/^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$/, "may hold only the letters a to z, digits, hyphens and underscores");

const description = z.string().max(TEXT_LENGTH_MAX);

const actorSchema = z.object({ type: z.enum(["user", "key", "platform"]), id: z.string(), name: z.string() });

const versionSchema = z.object({
  id: idSchema("version"),
  number: z.number().int(),
  hash: z.string(),
  sizeBytes: z.number().int(),
  message: z.string(),
  author: actorSchema,
  createdAt: timestamp,
  live: z.boolean(),
  /** When it was last made live, and by whom; null for a version that is not. */
  liveSince: timestamp.nullable(),
  liveBy: actorSchema.nullable(),
});

const scriptSchema = z.object({
  id: idSchema("script"),
  name: z.string(),
  kind: z.enum(["endpoint", "module"]),
  description: z.string(),
  limits: scriptLimitsSchema,
  live: versionSchema,
  /** Runs the script whatever the routes say. */
  executeUrl: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

/** Paths are checked by the compiler, which can say more about them than a pattern. */
const files = z.record(
  z
    .string()
    .min(1)
    .max(FILE_PATH_LENGTH_MAX * 2),
  z.string(),
);

const upload = z.object({
  /** Path → text. Give this or `source`. */
  files: files.optional(),
  /** A single file, as `index.ts`. */
  source: z.string().optional(),
  /** Entry file among `files`; guessed where it is plain. */
  main: z.string().max(FILE_PATH_LENGTH_MAX).optional(),
  /** Source map (JSON text) of the entry file, from a bundler. */
  sourceMap: z.string().optional(),
  kind: z.enum(["endpoint", "module"]).optional(),
  description: description.optional(),
  /** Why this version was made. */
  message: z.string().max(TEXT_LENGTH_MAX).optional(),
  limits: someScriptLimitsSchema.optional(),
});

const scriptParams = orgParams.extend({ name: z.string().max(100) });

export const listScripts = endpoint({
  id: "listScripts",
  method: "GET",
  path: "/orgs/{slug}/scripts",
  tag: "Scripts",
  summary: "List the scripts of an org",
  capability: "scripts:read",
  params: orgParams,
  query: pageQuery,
  response: pageOf(scriptSchema),
  errors: ["not_found"],
});

export const createScript = endpoint({
  id: "createScript",
  method: "POST",
  path: "/orgs/{slug}/scripts",
  tag: "Scripts",
  summary: "Upload a new script; it is live when this returns",
  capability: "scripts:write",
  params: orgParams,
  body: upload.extend({ name: scriptNameSchema }),
  response: scriptSchema,
  status: 201,
  errors: ["not_found", "forbidden", "conflict", "invalid", "too_large"],
});

export const getScript = endpoint({
  id: "getScript",
  method: "GET",
  path: "/orgs/{slug}/scripts/{name}",
  tag: "Scripts",
  summary: "Get a script with the files of its live version",
  capability: "scripts:read",
  params: scriptParams,
  /** `version` (number or id) reads another version's files. */
  query: z.object({ version: z.string().max(60).optional() }),
  response: scriptSchema.extend({
    version: versionSchema,
    main: z.string(),
    files: z.record(z.string(), z.string()),
    /** Modules of the org that it imports, and scripts that import it, by name. */
    imports: z.array(z.string()),
    usedBy: z.array(z.string()),
  }),
  errors: ["not_found"],
});

export const putScript = endpoint({
  id: "putScript",
  method: "PUT",
  path: "/orgs/{slug}/scripts/{name}",
  tag: "Scripts",
  summary: "Save a new version of a script, or make the script; it is live when this returns",
  capability: "scripts:write",
  params: scriptParams.extend({ name: scriptNameSchema }),
  body: upload,
  response: scriptSchema,
  errors: ["not_found", "forbidden", "conflict", "invalid", "too_large"],
});

export const patchScript = endpoint({
  id: "patchScript",
  method: "PATCH",
  path: "/orgs/{slug}/scripts/{name}",
  tag: "Scripts",
  summary: "Change a script's description or limits without a new version",
  capability: "scripts:write",
  params: scriptParams,
  body: z.object({ description: description.optional(), limits: someScriptLimitsSchema.optional() }),
  response: scriptSchema,
  errors: ["not_found", "forbidden", "invalid"],
});

export const deleteScript = endpoint({
  id: "deleteScript",
  method: "DELETE",
  path: "/orgs/{slug}/scripts/{name}",
  tag: "Scripts",
  summary: "Delete a script with its versions and routes",
  capability: "scripts:write",
  params: scriptParams,
  errors: ["not_found", "forbidden", "conflict"],
});

export const listVersions = endpoint({
  id: "listVersions",
  method: "GET",
  path: "/orgs/{slug}/scripts/{name}/versions",
  tag: "Scripts",
  summary: "List a script's versions, newest first",
  capability: "scripts:read",
  params: scriptParams,
  query: pageQuery,
  response: pageOf(versionSchema),
  errors: ["not_found"],
});

/** One file as it is in one version and in another. */
export const fileDiffSchema = z.object({
  path: z.string(),
  change: z.enum(["added", "removed", "changed", "unchanged"]),
  /** Lines that are there in `to` only, and in `from` only. */
  added: z.number().int(),
  removed: z.number().int(),
  /** Unified diff with three lines around each change; null where nothing changed or `note` says why. */
  diff: z.string().nullable(),
  note: z.string().nullable(),
});

export const listPackages = endpoint({
  id: "listPackages",
  method: "GET",
  path: "/packages",
  tag: "Scripts",
  summary: "List the packages that scripts import by name without bundling them",
  capability: "me:read",
  response: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        /** All that can be imported of it. */
        imports: z.array(z.string()),
      }),
    ),
  }),
});

export const diffScript = endpoint({
  id: "diffScript",
  method: "GET",
  path: "/orgs/{slug}/scripts/{name}/diff",
  tag: "Scripts",
  summary: "Compare the files of two versions of a script",
  capability: "scripts:read",
  params: scriptParams,
  /** Numbers or ids; `to` is the live version and `from` the one before `to` where they are not named. */
  query: z.object({ from: z.string().max(60).optional(), to: z.string().max(60).optional() }),
  response: z.object({
    /** Null where there is no version before. */
    from: versionSchema.nullable(),
    to: versionSchema,
    files: z.array(fileDiffSchema),
  }),
  errors: ["not_found", "gone"],
});

export const rollBackScript = endpoint({
  id: "rollBackScript",
  method: "POST",
  path: "/orgs/{slug}/scripts/{name}/rollback",
  tag: "Scripts",
  summary: "Make an earlier version live again",
  capability: "scripts:write",
  params: scriptParams,
  body: z.object({ version: z.union([z.number().int().positive(), z.string().min(1).max(60)]) }),
  response: scriptSchema,
  errors: ["not_found", "forbidden", "conflict", "gone", "invalid", "too_large"],
});

export const invokeScript = endpoint({
  id: "invokeScript",
  method: "POST",
  path: "/orgs/{slug}/scripts/{name}/invoke",
  tag: "Scripts",
  summary: "Run a script with a request of your own and see all that came of it",
  capability: "scripts:invoke",
  params: scriptParams,
  body: z.object({
    method: invokeInputSchema.shape.method.default("GET"),
    path: invokeInputSchema.shape.path.default("/"),
    headers: invokeInputSchema.shape.headers.default({}),
    body: invokeInputSchema.shape.body.default(null),
  }),
  response: invokeAnswerSchema,
  errors: ["not_found", "forbidden", "invalid", "unavailable"],
});
