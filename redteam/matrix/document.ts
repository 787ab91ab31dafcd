import { z } from "zod";

const schema = z.record(z.string(), z.unknown());
/** A JSON schema as the document has it. */
export type JsonSchema = z.infer<typeof schema>;

const parameterSchema = z.object({ name: z.string(), in: z.string(), required: z.boolean(), schema });

const operationSchema = z.object({
  operationId: z.string(),
  parameters: z.array(parameterSchema).default([]),
  requestBody: z
    .object({ required: z.boolean(), content: z.object({ "application/json": z.object({ schema }) }) })
    .optional(),
  responses: z.record(z.string(), z.object({ content: z.record(z.string(), z.unknown()).optional() })),
  "x-isola-capability": z.string().nullable(),
  "x-isola-scope": z.enum(["org", "platform", "open"]),
});

const rolesSchema = z.object({
  platform: z.record(z.string(), z.array(z.string())),
  org: z.record(z.string(), z.array(z.string())),
  readScope: z.array(z.string()),
  beyondOneOrg: z.array(z.string()),
});

const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  "x-isola-roles": rolesSchema,
});

/** Who may do what, as the document tells it: capabilities by role. */
export type Roles = z.infer<typeof rolesSchema>;

export interface Parameter {
  name: string;
  required: boolean;
  schema: JsonSchema;
}

/** One operation of the API, as far as its rights are concerned. */
export interface Operation {
  id: string;
  /** In upper case. */
  method: string;
  /** Under the API's prefix, parameters in braces. */
  path: string;
  scope: "org" | "platform" | "open";
  capability: string | null;
  pathParameters: Parameter[];
  queryParameters: Parameter[];
  /** Null for what takes none. */
  body: JsonSchema | null;
  /** Answers with events, without an end. */
  streams: boolean;
  /** Open, and asks for a proof of its own that no caller of the matrix has: it says that it may answer 401. */
  ownProof: boolean;
}

export interface ApiDocument {
  operations: Operation[];
  roles: Roles;
  /** Everything that somebody may be allowed to do. */
  capabilities: string[];
}

/** Reads an OpenAPI document. Throws when an operation does not say what it needs: it could not be judged. */
export function readDocument(json: unknown): ApiDocument {
  const { paths, "x-isola-roles": roles } = documentSchema.parse(json);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const placed = (place: string) => operation.parameters.filter((parameter) => parameter.in === place);
      const answers = Object.values(operation.responses).flatMap(({ content }) => Object.keys(content ?? {}));
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        scope: operation["x-isola-scope"],
        capability: operation["x-isola-capability"],
        pathParameters: placed("path"),
        queryParameters: placed("query"),
        body: operation.requestBody?.content["application/json"].schema ?? null,
        streams: answers.includes("text/event-stream"),
        ownProof: operation["x-isola-scope"] === "open" && Object.hasOwn(operation.responses, "401"),
      };
    }),
  );
  for (const { id, scope, capability, path } of operations) {
    if ((scope === "open") !== (capability === null)) throw new Error(`${id} is ${scope} and needs ${capability}`);
    if ((scope === "org") !== path.includes("{slug}")) throw new Error(`${id} is ${scope} at ${path}`);
  }
  const known = [...Object.values(roles.platform), ...Object.values(roles.org)].flat();
  const capabilities = [...new Set([...known, ...operations.flatMap(({ capability }) => capability ?? [])])];
  return { operations, roles, capabilities };
}

/** Whether an operation changes something, as far as its method says. */
export const mutates = ({ method }: Pick<Operation, "method">): boolean => method !== "GET";
