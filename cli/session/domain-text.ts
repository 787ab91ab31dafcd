import type { z } from "zod";

import type { domainViewSchema } from "../../contracts/api/domains.ts";
import { clean, columns, formatTime, oneLine } from "../framework/text.ts";

type Domain = z.output<typeof domainViewSchema>;

/** What is still to be made in the DNS for a domain, to be copied; nothing where it is whole. */
export function recordsText({ state, records, certificate }: Domain): string {
  const wanted = [...(state === "active" ? [] : [records.proof]), records.target, ...certificate.records];
  return columns(wanted.map(({ type, name, value }) => [type, name, value].map(oneLine))).join("\n");
}

/** A domain with everything that is known of it. */
export function domainText(domain: Domain): string {
  const { certificate } = domain;
  const rows = [
    ["domain", domain.domain],
    ["id", domain.id],
    ["state", domain.state],
    ...(domain.problem === null ? [] : [["problem", domain.problem]]),
    ["looked at", domain.checkedAt === null ? "-" : formatTime(domain.checkedAt)],
    ["proved", domain.provedAt === null ? "-" : formatTime(domain.provedAt)],
    ...(domain.expiresAt === null ? [] : [["claim ends", formatTime(domain.expiresAt)]]),
    ["certificate", certificate.state + (certificate.problem === null ? "" : `: ${certificate.problem}`)],
  ];
  const facts = columns(rows.map((row) => row.map(clean))).join("\n");
  return `${facts}\n\nRecords in the DNS:\n${recordsText(domain)}`;
}
