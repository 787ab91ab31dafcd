import { sql } from "drizzle-orm";
import * as z from "zod";

import { domain } from "../../database/schema.ts";
import type { DnsRecord } from "../proof.ts";

const recordSchema = z.object({
  /** The provider's own; null before there is one. */
  id: z.string().nullable(),
  state: z.enum(["none", "pending", "active", "failed"]),
  problem: z.string().nullable(),
  records: z.array(z.object({ type: z.enum(["TXT", "CNAME"]), name: z.string(), value: z.string() })),
});

/** What is known of a domain's certificate. */
export interface Certificate extends z.infer<typeof recordSchema> {
  /** What its authority wants to see in the DNS. */
  records: DnsRecord[];
}

/** A domain nobody has asked a certificate for. */
export const NO_CERTIFICATE: Certificate = { id: null, state: "none", problem: null, records: [] };

/** What a domain's row says of its certificate. */
export function certificateOf({ certificate }: Pick<typeof domain.$inferSelect, "certificate">): Certificate {
  const parsed = recordSchema.safeParse(certificate);
  return parsed.success ? parsed.data : NO_CERTIFICATE;
}

/** Rows whose certificate is this one. */
export const sharesCertificate = (id: string) => sql`${domain.certificate} ->> 'id' = ${id}`;
