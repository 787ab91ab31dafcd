import * as z from "zod";

import { type Endpoint, needsBody, takesBody } from "../../contracts/api/endpoint.ts";
import { API_PREFIX, ENDPOINTS } from "../../contracts/api/index.ts";
import { EVENT_STREAM_TYPE } from "../../contracts/event-stream.ts";
import { type ErrorCode, ERROR_STATUS, errorBodySchema } from "../../contracts/errors.ts";
import {
  BEYOND_ONE_ORG,
  CAPABILITIES,
  type Capability,
  ORG_ROLE_CAPABILITIES,
  PLATFORM_ROLE_CAPABILITIES,
  scopesAllow,
} from "../../contracts/rights.ts";

type Json = Record<string, unknown>;

/** Refusals that any endpoint may give, beside its own. */
const COMMON: readonly ErrorCode[] = ["invalid", "too_large", "too_many_requests", "internal", "unavailable"];
const SIGNED_IN: readonly ErrorCode[] = ["unauthenticated", "forbidden"];
const WITH_BODY: readonly ErrorCode[] = ["malformed", "unsupported_media_type"];

/** The API as an OpenAPI 3.1 document, made of the same endpoints that are mounted. */
export function openApi(env: { PUBLIC_URL: string; VERSION: string }): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of Object.values<Endpoint>(ENDPOINTS)) {
    const path = (paths[endpoint.path] ??= {});
    path[endpoint.method.toLowerCase()] = operation(endpoint);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Isola", version: env.VERSION, description: "The management API of an Isola platform." },
    servers: [{ url: env.PUBLIC_URL.replace(/\/+$/, "") + API_PREFIX }],
    security: [{ key: [] }, { session: [] }],
    paths,
    "x-isola-roles": rolesTable(),
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key: `isola_…`" },
        session: { type: "apiKey", in: "cookie", name: "isola_session", description: "A signed-in browser" },
      },
      schemas: { Error: schemaOf(errorBodySchema, "output") },
      headers: HEADERS,
    },
  };
}

/** Who may do what, so that a reader of the document alone can tell for each operation whom it refuses. */
function rolesTable(): Json {
  return {
    platform: namesOf(PLATFORM_ROLE_CAPABILITIES),
    org: namesOf(ORG_ROLE_CAPABILITIES),
    /** What the scope `read` of a key covers. */
    readScope: CAPABILITIES.filter((capability) => scopesAllow(["read"], capability)),
    /** What a key cannot do that is bound to one org. */
    beyondOneOrg: [...BEYOND_ONE_ORG],
  };
}

const namesOf = (table: Record<string, ReadonlySet<Capability>>): Record<string, Capability[]> =>
  Object.fromEntries(Object.entries(table).map(([role, capabilities]) => [role, [...capabilities]]));

/** Where an operation acts: in the org of its path, outside any, or open to anybody. */
function scopeOf({ capability, path }: Endpoint): "org" | "platform" | "open" {
  if (capability === null) return "open";
  return path.includes("{slug}") ? "org" : "platform";
}

/** JSON schema of a zod schema, as it is sent (`input`) or as it is answered (`output`). */
export function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

/** Every refusal of an endpoint, in the order of their status. */
export function refusalsOf(endpoint: Endpoint): ErrorCode[] {
  const codes = new Set<ErrorCode>([...endpoint.errors, ...COMMON]);
  if (endpoint.capability !== null) for (const code of SIGNED_IN) codes.add(code);
  if (takesBody(endpoint)) for (const code of WITH_BODY) codes.add(code);
  return [...codes].sort((a, b) => ERROR_STATUS[a] - ERROR_STATUS[b]);
}

function operation(endpoint: Endpoint): Json {
  const { id, tag, summary, capability } = endpoint;
  const mutates = endpoint.method !== "GET" && capability !== null;
  const parameters = [
    ...parametersOf(endpoint.params, "path"),
    ...parametersOf(endpoint.query, "query"),
    ...(mutates ? [IDEMPOTENCY_KEY] : []),
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(capability === null ? { security: [] } : { description: `Needs \`${capability}\`.` }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(takesBody(endpoint)
      ? { requestBody: { required: needsBody(endpoint), content: json(schemaOf(endpoint.body, "input")) } }
      : {}),
    responses: responsesOf(endpoint),
    "x-isola-capability": capability,
    "x-isola-scope": scopeOf(endpoint),
  };
}

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "Sent again with the same key, the request has the effect of one and gets the first answer.",
  schema: { type: "string", maxLength: 200 },
};

function parametersOf(schema: z.ZodType, place: "path" | "query"): Json[] {
  // What a coerced number takes is anything; what it must be is said by its output.
  const { properties, required } = schemaOf(schema, "output") as { properties?: Json; required?: string[] };
  return Object.entries(properties ?? {}).map(([name, of]) => ({
    name,
    in: place,
    required: place === "path" || (required?.includes(name) ?? false),
    schema: of,
  }));
}

function responsesOf(endpoint: Endpoint): Json {
  const headers = headersNamed(RATE_HEADER_NAMES);
  const responses: Record<string, Json> = {
    [endpoint.status]:
      endpoint.status === 204
        ? { description: "Done", headers }
        : { description: "Success", headers, content: contentOf(endpoint) },
  };
  const content = json({ $ref: "#/components/schemas/Error" });
  for (const code of refusalsOf(endpoint)) {
    const waits = code === "too_many_requests" || code === "unavailable";
    const described = waits ? { ...headers, ...headersNamed(["Retry-After"]) } : headers;
    responses[ERROR_STATUS[code]] = { description: `\`${code}\``, headers: described, content };
  }
  return responses;
}

const SECONDS = { type: "integer", minimum: 0 };
const HEADERS = {
  "X-RateLimit-Limit": {
    description: "Calls in a minute, all of which may come at once: about an org, from an account, or with a key.",
    schema: { type: "integer", minimum: 1 },
  },
  "X-RateLimit-Remaining": { description: "Calls that may come now.", schema: { type: "integer", minimum: 0 } },
  "X-RateLimit-Reset": { description: "Seconds until all of them may come again.", schema: SECONDS },
  "Retry-After": { description: "Seconds to wait before the call is sent again.", schema: SECONDS },
};
const RATE_HEADER_NAMES = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"] as const;

const headersNamed = (names: readonly (keyof typeof HEADERS)[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** Of a stream of events, the schema is that of each event's data. */
function contentOf({ answer, response, contentTypes = [] }: Endpoint): Json {
  const schema = schemaOf(response, "output");
  if (answer === "text") return Object.fromEntries(contentTypes.map((type) => [type, { schema }]));
  return answer === "events" ? { [EVENT_STREAM_TYPE]: { schema } } : json(schema);
}

const json = (schema: Json): Json => ({ "application/json": { schema } });
