import { readFile } from "node:fs/promises";

import { getHttpOperationsFromSpec } from "@stoplight/prism-http";
import { createServer } from "@stoplight/prism-http-server";

/** Where the OpenAPI document of the Machines API is; it is not part of this repository. */
export const FLY_DOCUMENT = process.env["ISOLA_FLY_OPENAPI"];

export interface HeldServer {
  url: string;
  close(): Promise<void>;
}

type Json = Record<string, unknown>;

/**
 * Has requests held to the document: by a server that makes answers up after it, or, with an upstream, by one that passes
 * them on and holds the upstream's answers to it as well. What breaks the document is answered with a problem.
 */
export async function holdToDocument(path: string, upstream?: string): Promise<HeldServer> {
  const document = prepared(JSON.parse(await readFile(path, "utf8")) as Json);
  const operations = await getHttpOperationsFromSpec(document);
  const checks = { checkSecurity: true, validateRequest: true, validateResponse: true, errors: true };
  const mock = { dynamic: false };
  const config =
    upstream === undefined
      ? { ...checks, isProxy: false as const, mock, upstreamProxy: undefined }
      : { ...checks, isProxy: true as const, mock, upstream: new URL(upstream), upstreamProxy: undefined };
  const server = createServer(operations, { cors: false, components: { logger: SILENT }, config });
  const url = await server.listen(0, "127.0.0.1");
  return { url, close: () => server.close() };
}

/** What an answer says of a request, or of the upstream's answer, that breaks the document; null when nothing does. */
export async function violationIn(answer: Response): Promise<string | null> {
  if (!(answer.headers.get("content-type") ?? "").includes("problem+json")) return null;
  const text = await answer.clone().text();
  return /#(?:UNPROCESSABLE_ENTITY|VIOLATIONS|NO_[A-Z_]+_MATCHED_ERROR|INVALID_CONTENT_TYPE)/.test(text) ? text : null;
}

/**
 * The document, in which an object has the properties that are named and no others, so that a misspelt one is seen; and
 * with the one resource that the service has beside it, by which an app gets an address
 * (https://docs.machines.dev/#tag/apps/post/apps/{app_name}/ip_assignments).
 */
function prepared(document: Json): Json {
  const paths = document["paths"] as Json;
  return tightened({ ...document, paths: { ...paths, "/apps/{app_name}/ip_assignments": ADDRESSES } }) as Json;
}

function tightened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tightened);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, tightened(inner)]));
  const { allOf, type, properties, additionalProperties } = entries;
  if (Array.isArray(allOf) && allOf.length === 1) return allOf[0];
  const isClosed = type === "object" && isObject(properties) && additionalProperties === undefined;
  return isClosed ? { ...entries, additionalProperties: false } : entries;
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;

const appName = { name: "app_name", in: "path", required: true, schema: { type: "string" } };
const text = { type: "string" };
const address = {
  type: "object",
  properties: { ip: text, region: text, shared: { type: "boolean" }, created_at: text, service_name: text },
};
const answered = (schema: Json) => ({ description: "OK", content: { "application/json": { schema } } });
const assignment = {
  type: "object",
  properties: { type: text, region: text, network: text, org_slug: text, service_name: text },
};
const ADDRESSES = {
  get: {
    parameters: [appName],
    responses: { 200: answered({ type: "object", properties: { ips: { type: "array", items: address } } }) },
  },
  post: {
    parameters: [appName],
    requestBody: { required: true, content: { "application/json": { schema: assignment } } },
    responses: { 200: answered(address) },
  },
};

const nothing = (): void => {};
const SILENT = {
  child: () => SILENT,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  success: nothing,
};
