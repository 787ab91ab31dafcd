import * as z from "zod";

import type { ErrorCode } from "../errors.ts";
import { idSchema } from "../ids.ts";
import type { Capability } from "../rights.ts";

/** One document, a stream of server-sent events, or a file of any length. */
type Answer = "json" | "events" | "text";

/**
 * One endpoint of the control plane, as data: the server mounts it, the client calls it, the
 * OpenAPI document and the tenancy tests are generated from it.
 */
export interface Endpoint<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
  A extends Answer = Answer,
> {
  id: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path under `/api/v1`, parameters in braces. */
  path: string;
  tag: string;
  summary: string;
  /** Null only for what must work before anybody is signed in. */
  capability: Capability | null;
  params: P;
  query: Q;
  body: B;
  /** What is answered; where the answer is `events`, each of them. */
  response: R;
  answer: A;
  /** Of a file: what it can be, by content type. */
  contentTypes?: readonly string[];
  /** Status of success. */
  status: 200 | 201 | 202 | 204;
  errors: readonly ErrorCode[];
}

/** For endpoints without parameters, query, or body. */
export const nothing = z.object({}).strict();
/** For endpoints that answer 204. */
export const noContent = z.undefined();

/** Whether an endpoint takes a body. */
export const takesBody = (endpoint: Endpoint): boolean => endpoint.body !== noContent;

/** Whether an endpoint cannot do without a body. */
export const needsBody = (endpoint: Endpoint): boolean => !endpoint.body.safeParse(undefined).success;

type Parts<P, Q, B, R> = {
  id: string;
  method: Endpoint["method"];
  path: string;
  tag: string;
  summary: string;
  capability: Capability | null;
  params?: P;
  query?: Q;
  body?: B;
  response?: R;
  status?: Endpoint["status"];
  errors?: readonly ErrorCode[];
};

/** Completes an endpoint's definition with the defaults: no parameters, no query, no body, no content. */
export function endpoint<
  P extends z.ZodType = typeof nothing,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = typeof noContent,
  R extends z.ZodType = typeof noContent,
>(parts: Parts<P, Q, B, R>): Endpoint<P, Q, B, R, "json"> {
  return {
    ...parts,
    answer: "json",
    params: parts.params ?? (nothing as unknown as P),
    query: parts.query ?? (nothing as unknown as Q),
    body: parts.body ?? (noContent as unknown as B),
    response: parts.response ?? (noContent as unknown as R),
    status: parts.status ?? (parts.response === undefined ? 204 : 200),
    errors: parts.errors ?? [],
  };
}

/** An endpoint that answers with server-sent events: the name of each is its `type`, its data are the rest. */
export function eventsEndpoint<P extends z.ZodType, Q extends z.ZodType, R extends z.ZodType>(
  parts: Parts<P, Q, typeof noContent, R>,
): Endpoint<P, Q, typeof noContent, R, "events"> {
  return { ...endpoint(parts), answer: "events" };
}

/** An endpoint that answers with a file, which is sent as it is made. */
export function textEndpoint<P extends z.ZodType = typeof nothing, Q extends z.ZodType = typeof nothing>(
  parts: Omit<Parts<P, Q, typeof noContent, z.ZodString>, "response"> & { contentTypes: readonly string[] },
): Endpoint<P, Q, typeof noContent, z.ZodString, "text"> {
  return { ...endpoint({ ...parts, response: z.string() }), answer: "text" };
}

/** Query of every list. */
export const pageQuery = z.object({
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
});

/** Answer of every list. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), cursor: z.string().nullable() });

/** Epoch milliseconds. */
export const timestamp = z.number().int();

/** A script as other things name it. */
export const scriptRef = z.object({ id: idSchema("script"), name: z.string() });
