import * as z from "zod";

import { domainSchema } from "../domains.ts";
import { idSchema } from "../ids.ts";
import { HOST_LENGTH_MAX } from "../limits.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

/** A record to be made in the DNS. */
const record = z.object({ type: z.enum(["TXT", "CNAME"]), name: z.string(), value: z.string() });

export const domainViewSchema = z.object({
  id: idSchema("domain"),
  /** `shop.example.com`, `*.example.com`, or with the name of its label `{tenant}.example.com`. */
  domain: z.string(),
  hostname: z.string(),
  state: z.enum(["pending", "active"]),
  /** What proves the claim, and what leads the host here. */
  records: z.object({ proof: record, target: record }),
  /** Why it is not active; null where it is, or where nobody looked. */
  problem: z.string().nullable(),
  checkedAt: timestamp.nullable(),
  provedAt: timestamp.nullable(),
  /** Until when it may stay unproven. */
  expiresAt: timestamp.nullable(),
  certificate: z.object({
    state: z.enum(["none", "pending", "active", "failed"]),
    problem: z.string().nullable(),
    /** Records that the certificate's authority wants to see. */
    records: z.array(record),
  }),
  createdAt: timestamp,
});

const domainParams = orgParams.extend({ hostname: z.string().max(HOST_LENGTH_MAX) });

export const listDomains = endpoint({
  id: "listDomains",
  method: "GET",
  path: "/orgs/{slug}/domains",
  tag: "Domains",
  summary: "List an org's own domains",
  capability: "domains:read",
  params: orgParams,
  query: pageQuery,
  response: pageOf(domainViewSchema),
  errors: ["not_found"],
});

export const claimDomain = endpoint({
  id: "claimDomain",
  method: "POST",
  path: "/orgs/{slug}/domains",
  tag: "Domains",
  summary: "Claim a domain; where its proof is in the DNS already, it is active at once",
  capability: "domains:write",
  params: orgParams,
  body: z.object({ domain: domainSchema }).strict(),
  response: domainViewSchema,
  status: 201,
  errors: ["not_found", "conflict", "invalid", "over_quota"],
});

export const getDomain = endpoint({
  id: "getDomain",
  method: "GET",
  path: "/orgs/{slug}/domains/{hostname}",
  tag: "Domains",
  summary: "Get a domain with the records that it needs",
  capability: "domains:read",
  params: domainParams,
  response: domainViewSchema,
  errors: ["not_found"],
});

export const verifyDomain = endpoint({
  id: "verifyDomain",
  method: "POST",
  path: "/orgs/{slug}/domains/{hostname}/verify",
  tag: "Domains",
  summary: "Look for the proof of a claim now",
  capability: "domains:write",
  params: domainParams,
  response: domainViewSchema,
  errors: ["not_found", "conflict", "unavailable", "too_many_requests"],
});

export const releaseDomain = endpoint({
  id: "releaseDomain",
  method: "DELETE",
  path: "/orgs/{slug}/domains/{hostname}",
  tag: "Domains",
  summary: "Give a domain up; it leads here no more",
  capability: "domains:write",
  params: domainParams,
  errors: ["not_found"],
});
