import type { ControlPlaneEnv } from "../env.ts";
import { certificateOf } from "./certificates/record.ts";
import type { DomainRow } from "./claims.ts";
import { targetOf } from "./own-hosts.ts";
import { proofRecord } from "./proof.ts";

/** A domain as the API shows it, with the records that it needs. */
export async function toDomain(env: ControlPlaneEnv, row: DomainRow, slug: string) {
  const { id, hostname, label, state, problem, checkedAt, provedAt, expiresAt, createdAt } = row;
  const { state: certificateState, problem: certificateProblem, records } = certificateOf(row);
  return {
    id,
    domain: label === null ? hostname : hostname.replace("*", `{${label}}`),
    hostname,
    state,
    records: {
      proof: await proofRecord(env, row.orgId, hostname),
      target: { type: "CNAME" as const, name: hostname, value: targetOf(env, slug) },
    },
    problem: state === "active" ? null : problem,
    checkedAt: checkedAt?.getTime() ?? null,
    provedAt: provedAt?.getTime() ?? null,
    expiresAt: expiresAt?.getTime() ?? null,
    certificate: { state: certificateState, problem: certificateProblem, records },
    createdAt: createdAt.getTime(),
  };
}
