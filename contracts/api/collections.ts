import * as z from "zod";

import { COLLECTION_KINDS } from "../data/collections.ts";
import { resourceNameSchema } from "../data/names.ts";
import { endpoint } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

const collectionParams = orgParams.extend({ kind: z.enum(COLLECTION_KINDS), collection: resourceNameSchema });

export const getCollection = endpoint({
  id: "getCollection",
  method: "GET",
  path: "/orgs/{slug}/collections/{kind}/{collection}",
  tag: "Collections",
  summary: "Say how big a collection is",
  capability: "data:read",
  params: collectionParams,
  response: z.object({
    kind: z.enum(COLLECTION_KINDS),
    name: z.string(),
    /** Keys or documents. */
    count: z.number().int(),
    bytes: z.number().int(),
    bytesMax: z.number().int(),
    /** What to do about its size before it hurts; null while there is nothing to do. */
    warning: z.string().nullable(),
  }),
  errors: ["not_found"],
});

export const deleteCollection = endpoint({
  id: "deleteCollection",
  method: "DELETE",
  path: "/orgs/{slug}/collections/{kind}/{collection}",
  tag: "Collections",
  summary: "Remove all that is in a collection, without events",
  capability: "data:write",
  params: collectionParams,
  /** The collection's name again, so that nothing is lost by a slip. */
  query: z.object({ confirm: z.string().max(100).optional() }),
  errors: ["not_found", "invalid"],
});
