import * as z from "zod";

import { idSchema } from "../ids.ts";
import { AUDIT_TARGET_LENGTH_MAX, TEXT_LENGTH_MAX } from "../limits.ts";
import { endpoint, pageOf, pageQuery, textEndpoint, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

/** SHA-256 in hexadecimal. */
const hash = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits");
/** Epoch milliseconds up to the end of the year 9999, which every database takes. */
const time = z.coerce.number().int().min(0).max(253_402_300_799_999);

/** Who did what to what, when, from where; and its place in the chain, by which it can be verified. */
const auditEntrySchema = z.object({
  id: z.string(),
  at: timestamp,
  actor: z.object({ type: z.enum(["user", "key", "platform"]), id: z.string(), name: z.string() }),
  /** `noun.verb` */
  action: z.string(),
  target: z.string(),
  /** The org it belongs to; null for what belongs to the platform. */
  orgId: z.string().nullable(),
  /** What changed, without secrets. */
  details: z.record(z.string(), z.unknown()),
  address: z.string().nullable(),
  requestId: z.string().nullable(),
  chain: z.string(),
  seq: z.number().int(),
  prevHash: z.string(),
  hash: z.string(),
});

const filter = {
  /** Id or name of who did it. */
  actor: z.string().min(1).max(TEXT_LENGTH_MAX).optional(),
  /** An action such as `org.create`, or what it begins with, such as `org.` */
  action: z.string().min(1).max(100).optional(),
  target: z.string().min(1).max(AUDIT_TARGET_LENGTH_MAX).optional(),
  requestId: z.string().min(1).max(100).optional(),
  /** From this time on, and before this time, in epoch milliseconds. */
  from: time.optional(),
  to: time.optional(),
};
/** Slug of an org, or id, also of one that is gone. */
const org = z.string().min(1).max(100).optional();

export const AUDIT_FORMATS = { ndjson: "application/x-ndjson", csv: "text/csv" } as const;
const format = z.enum(["ndjson", "csv"]).default("ndjson");
const contentTypes = Object.values(AUDIT_FORMATS);

/** A head that somebody noted down: the chain must still have this entry. */
const noted = { seq: z.coerce.number().int().min(1).optional(), hash: hash.optional() };
const cursor = z.string().max(1_000).optional();
const verifyPage = { cursor, ...noted };
const bothOrNone = ({ seq, hash }: { seq?: number | undefined; hash?: string | undefined }) =>
  (seq === undefined) === (hash === undefined);
const BOTH = { message: "must come with hash, and hash with seq", path: ["seq"] };

/** What can be wrong with a chain, and what that says. */
export const AUDIT_FAULTS = {
  entry_changed: "This entry is not the one that was written.",
  column_changed: "A column beside this entry is not what the entry says.",
  missing: "An entry before this one is missing.",
  repeated: "Two entries have this place.",
  unlinked: "This entry does not follow the one before it: one was removed, put in, or moved.",
  cut_short: "The chain ends before this entry, which was its last.",
  head_missing: "Nothing says where this chain ends.",
  head_changed: "The chain's end is not the one that was written.",
  beyond_head: "The chain has entries beyond its end.",
  not_as_noted: "This entry is not the one that was noted down.",
} as const;
export type AuditFault = keyof typeof AUDIT_FAULTS;

const verificationSchema = z.object({
  /** Whether everything that was looked at is as it was written; there is more to look at while `cursor` is not null. */
  ok: z.boolean(),
  /** Entries that this call looked at. */
  entries: z.number().int(),
  /** The last entry that is right; note it down, to find out later whether it is still there. */
  head: z.object({ chain: z.string(), seq: z.number().int(), hash: z.string() }).nullable(),
  broken: z
    .object({
      chain: z.string(),
      seq: z.number().int(),
      reason: z.enum(Object.keys(AUDIT_FAULTS) as [AuditFault, ...AuditFault[]]),
      message: z.string(),
    })
    .nullable(),
  /** To go on with; null at the end, and where the chain is broken. */
  cursor: z.string().nullable(),
});

export const listAudit = endpoint({
  id: "listAudit",
  method: "GET",
  path: "/audit",
  tag: "Audit",
  summary: "List who did what on the platform and in its orgs, newest first",
  capability: "platform:audit",
  query: pageQuery.extend({ ...filter, org }),
  response: pageOf(auditEntrySchema),
});

export const exportAudit = textEndpoint({
  id: "exportAudit",
  method: "GET",
  path: "/audit/export",
  tag: "Audit",
  summary: "Export the audit log as a file, oldest first",
  capability: "platform:audit",
  query: z.object({ ...filter, org, format }),
  contentTypes,
});

export const verifyAudit = endpoint({
  id: "verifyAudit",
  method: "GET",
  path: "/audit/verify",
  tag: "Audit",
  summary: "Verify that the chains of the audit log are unbroken",
  capability: "platform:audit",
  query: z
    .object({ ...verifyPage, /** `platform`, or an org's id; without it, all of them. */ chain: chainName() })
    .refine(bothOrNone, BOTH)
    .refine(({ chain, seq }) => seq === undefined || chain !== undefined, {
      message: "must be given with seq and hash",
      path: ["chain"],
    }),
  response: verificationSchema,
});

export const listOrgAudit = endpoint({
  id: "listOrgAudit",
  method: "GET",
  path: "/orgs/{slug}/audit",
  tag: "Audit",
  summary: "List who did what in an org, newest first",
  capability: "audit:read",
  params: orgParams,
  query: pageQuery.extend(filter),
  response: pageOf(auditEntrySchema),
  errors: ["not_found"],
});

export const exportOrgAudit = textEndpoint({
  id: "exportOrgAudit",
  method: "GET",
  path: "/orgs/{slug}/audit/export",
  tag: "Audit",
  summary: "Export an org's audit log as a file, oldest first",
  capability: "audit:read",
  params: orgParams,
  query: z.object({ ...filter, format }),
  contentTypes,
  errors: ["not_found"],
});

export const verifyOrgAudit = endpoint({
  id: "verifyOrgAudit",
  method: "GET",
  path: "/orgs/{slug}/audit/verify",
  tag: "Audit",
  summary: "Verify that an org's chain of the audit log is unbroken",
  capability: "audit:read",
  params: orgParams,
  query: z.object(verifyPage).refine(bothOrNone, BOTH),
  response: verificationSchema,
  errors: ["not_found"],
});

function chainName() {
  return z.union([z.literal("platform"), idSchema("org")]).optional();
}
