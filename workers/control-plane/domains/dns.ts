import * as z from "zod";

import { PlatformError } from "../../../contracts/errors.ts";
import { DNS_ANSWER_BYTES_MAX, DNS_LOOK_UP_MS } from "../../../contracts/limits.ts";
import type { ControlPlaneEnv } from "../env.ts";

const DEFAULT_URL = "https://cloudflare-dns.com/dns-query";
const TXT = 16;
/** Response codes of RFC 1035, 4.1.1: no error, and no such name. */
const NO_ERROR = 0;
const NO_SUCH_NAME = 3;

const answerSchema = z.object({
  Status: z.number().int(),
  Answer: z.array(z.object({ type: z.number().int(), data: z.string() })).optional(),
});

/**
 * The TXT records of a name, asked by DNS over HTTPS in the JSON form that public resolvers share
 * (https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/). No record and no such
 * name are both an empty list.
 *
 * @throws PlatformError `unavailable` when the resolver does not answer, or not what it should.
 */
export async function lookUpTxt({ DNS_URL }: Pick<ControlPlaneEnv, "DNS_URL">, name: string): Promise<string[]> {
  const url = new URL(DNS_URL ?? DEFAULT_URL);
  url.searchParams.set("name", name);
  url.searchParams.set("type", "TXT");
  let answer: z.infer<typeof answerSchema>;
  try {
    const response = await fetch(url, {
      headers: { accept: "application/dns-json" },
      redirect: "manual",
      signal: AbortSignal.timeout(DNS_LOOK_UP_MS),
    });
    if (!response.ok) throw new Error(`the resolver answered ${response.status}`);
    const text = await response.text();
    if (text.length > DNS_ANSWER_BYTES_MAX) throw new Error("the resolver answered too much");
    answer = answerSchema.parse(JSON.parse(text));
    if (answer.Status !== NO_ERROR && answer.Status !== NO_SUCH_NAME) throw new Error(`DNS error ${answer.Status}`);
  } catch (error) {
    const message = "The DNS could not be asked right now. Try again in a minute.";
    throw new PlatformError("unavailable", message, { reason: error instanceof Error ? error.message : "unknown" });
  }
  return (answer.Answer ?? []).filter(({ type }) => type === TXT).map(({ data }) => textOf(data));
}

/** A record as text: its strings, each in quotes or the only one without, one after another (RFC 7208, 3.3). */
function textOf(data: string): string {
  const strings = [...data.matchAll(/"((?:[^"\\]|\\.)*)"/g)];
  if (strings.length === 0) return data;
  return strings.map(([, text = ""]) => text.replaceAll(/\\(.)/g, "$1")).join("");
}
