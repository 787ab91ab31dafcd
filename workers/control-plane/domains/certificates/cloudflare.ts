import * as z from "zod";

import { type ProviderAnswer, providerApi, type ProviderFetch } from "../../provisioning/drivers/http.ts";
import { ProviderError } from "../../provisioning/provider-error.ts";
import type { DnsRecord } from "../proof.ts";
import type { CertificateDriver } from "./driver.ts";
import type { Certificate } from "./record.ts";

const DEFAULT_URL = "https://api.cloudflare.com/client/v4";
/** Cloudflare's own code for a host name that the zone has already. */
const DUPLICATE = 1406;

const hostnameSchema = z.object({
  id: z.string(),
  hostname: z.string(),
  status: z.string().optional(),
  ownership_verification: z.object({ name: z.string(), value: z.string() }).partial().optional(),
  verification_errors: z.array(z.string()).optional(),
  ssl: z
    .object({
      status: z.string(),
      wildcard: z.boolean().optional(),
      validation_records: z.array(z.object({ txt_name: z.string(), txt_value: z.string() }).partial()).optional(),
      validation_errors: z.array(z.object({ message: z.string() })).optional(),
    })
    .nullish(),
});
type CustomHostname = z.infer<typeof hostnameSchema>;

const one = z.object({ result: hostnameSchema });
const many = z.object({ result: z.array(hostnameSchema) });

export interface CloudflareCertificatesOptions {
  /** The zone that own domains lead to. */
  zoneId: string;
  /** An API token that may edit SSL and certificates of the zone. */
  token: string;
  /** Where the API is, without a trailing slash. */
  url?: string;
  fetch?: ProviderFetch;
}

/**
 * Certificates by Cloudflare's custom hostnames ("Cloudflare for SaaS",
 * https://developers.cloudflare.com/api/resources/custom_hostnames/), validated by TXT records. A wildcard is its name with
 * `ssl.wildcard`; a name and its wildcard share one.
 */
export function cloudflareCertificates(options: CloudflareCertificatesOptions): CertificateDriver {
  const { zoneId, token, url = DEFAULT_URL } = options;
  const api = providerApi({
    title: "Cloudflare",
    baseUrl: `${url}/zones/${zoneId}/custom_hostnames`,
    // The global function may not be called on another object.
    fetch: options.fetch ?? ((target, init) => fetch(target, init)),
    headers: { authorization: `Bearer ${token}` },
    explain: (answer) =>
      codesOf(answer).includes(DUPLICATE) ? "name_taken" : answer.status === 403 ? "unauthorized" : null,
  });
  const findByName = async (name: string): Promise<CustomHostname | null> => {
    const answer = await api.call({ to: "find a custom hostname", path: "", query: { hostname: name } });
    return read(many, answer).result.find(({ hostname }) => hostname === name) ?? null;
  };
  const sslOf = (wildcard: boolean) => ({ method: "txt", type: "dv", wildcard, settings: { min_tls_version: "1.2" } });
  const adopt = async (name: string, wildcard: boolean): Promise<CustomHostname | null> => {
    const found = await findByName(name);
    if (found === null || !wildcard || found.ssl?.wildcard === true) return found;
    const json = { ssl: sslOf(true) };
    const answer = await api.call({ to: "cover a wildcard", method: "PATCH", path: `/${found.id}`, json });
    return read(one, answer).result;
  };
  return {
    ask: async (hostname) => {
      const wildcard = hostname.startsWith("*.");
      const name = wildcard ? hostname.slice(2) : hostname;
      // An answer that was lost may have left it there.
      const there = await adopt(name, wildcard);
      if (there !== null) return certificateFrom(there);
      const json = { hostname: name, ssl: sslOf(wildcard) };
      try {
        const answer = await api.call({ to: "make a custom hostname", method: "POST", path: "", json });
        return certificateFrom(read(one, answer).result);
      } catch (error) {
        if (!(error instanceof ProviderError) || error.code !== "name_taken") throw error;
        const other = await adopt(name, wildcard);
        if (other === null) throw error;
        return certificateFrom(other);
      }
    },
    look: async (id) => {
      const answer = await api.call({
        to: "look at a custom hostname",
        path: `/${encodeURIComponent(id)}`,
        accepts: [404],
      });
      return answer.status === 404 ? null : certificateFrom(read(one, answer).result);
    },
    remove: async (id) => {
      const path = `/${encodeURIComponent(id)}`;
      await api.call({ to: "remove a custom hostname", method: "DELETE", path, accepts: [404] });
    },
  };
}

function certificateFrom({ id, status, ssl, ...hostname }: CustomHostname): Certificate {
  const problems = [
    ...(ssl?.validation_errors?.map(({ message }) => message) ?? []),
    ...(hostname.verification_errors ?? []),
  ];
  const isActive = ssl?.status === "active" && (status === undefined || status === "active");
  const hasFailed = status === "blocked" || status === "moved" || /timed_out|expired|deleted/.test(ssl?.status ?? "");
  const { name, value } = hostname.ownership_verification ?? {};
  const records: DnsRecord[] = isActive
    ? []
    : [
        ...(name === undefined || value === undefined ? [] : [{ type: "TXT" as const, name, value }]),
        ...(ssl?.validation_records ?? []).flatMap(({ txt_name: txt, txt_value: text }) =>
          txt === undefined || text === undefined ? [] : [{ type: "TXT" as const, name: txt, value: text }],
        ),
      ];
  return {
    id,
    state: isActive ? "active" : hasFailed ? "failed" : "pending",
    problem: isActive ? null : (problems[0] ?? (hasFailed ? `Cloudflare says ${status ?? ssl?.status}.` : null)),
    records,
  };
}

function read<S extends z.ZodType>(schema: S, answer: ProviderAnswer): z.output<S> {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  throw new ProviderError("unavailable", "Cloudflare answered something else than a custom hostname.", {
    cause: parsed.error,
  });
}

function codesOf(answer: ProviderAnswer): number[] {
  const errors = z.object({ errors: z.array(z.object({ code: z.number() })) });
  try {
    const parsed = errors.safeParse(answer.json());
    return parsed.success ? parsed.data.errors.map(({ code }) => code) : [];
  } catch {
    return [];
  }
}
