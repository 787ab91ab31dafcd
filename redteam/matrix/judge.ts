import { z } from "zod";

import type { Operation } from "./document.ts";
import type { Verdict } from "./rights.ts";

/** An answer as far as it is judged. */
export interface Seen {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** A refusal as the API words it. */
export interface Refusal {
  code: string;
  message: string;
  details: Record<string, unknown>;
}

const bodySchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()) }),
});

/** The refusal that an answer holds; null when it holds none. */
export function refusalOf(text: string): Refusal | null {
  try {
    return bodySchema.parse(JSON.parse(text)).error;
  } catch {
    return null;
  }
}

/** What the rights cannot have to do with: the request that was made could not be read. */
const UNREADABLE = new Set([400, 405, 413, 415]);

/**
 * Says what is wrong with an answer; null when it is as it has to be. `nowhere` is how an org is answered for that there
 * is not. An answer without a body (of `HEAD`) is judged by its status alone.
 */
export function judge(
  seen: Seen,
  verdict: Verdict,
  operation: Pick<Operation, "capability"> & Partial<Pick<Operation, "ownProof">>,
  nowhere: Refusal,
  bodiless = false,
): string | null {
  const { status, headers, text } = seen;
  if (headers["access-control-allow-origin"] !== undefined) return "lets another site read the answer";
  if (status >= 500) return `${status} ${text.slice(0, 200)}`;
  const refusal = refusalOf(text);
  const said = `${status} ${refusal?.code ?? ""} ${refusal === null ? "" : JSON.stringify(refusal.details)}`.trim();
  const mustBe = (expected: number, code: string, holds: boolean, what: string): string | null => {
    if (status !== expected) return `answered ${said} instead of ${expected}`;
    if (bodiless) return null;
    if (refusal?.code !== code) return `answered ${said} instead of ${code}`;
    return holds ? null : `answered ${said}: ${what}`;
  };
  switch (verdict) {
    case "unauthenticated":
      return mustBe(401, "unauthenticated", headers["www-authenticate"] !== undefined, "no challenge");
    case "absent":
      return mustBe(404, "not_found", isSame(refusal, nowhere), "not as for an org that there is not");
    case "forbidden": {
      const named = refusal?.details["capability"] === operation.capability;
      return mustBe(403, "forbidden", named, `does not name ${operation.capability}`);
    }
    case "other_site":
      return mustBe(403, "forbidden", refusal?.details["capability"] === undefined, "refused for the rights only");
    case "allowed":
      return judgeAllowed(status, refusal, operation, nowhere, said);
    case "missing":
      return mustBe(404, "not_found", true, "");
    case "open":
      break;
  }
  if (operation.ownProof === true) return status < 300 ? `let somebody in without its own proof: ${said}` : null;
  return status === 401 ? `asks for credentials: ${said}` : null;
}

function judgeAllowed(
  status: number,
  refusal: Refusal | null,
  { capability }: Pick<Operation, "capability">,
  nowhere: Refusal,
  said: string,
): string | null {
  if (status === 401) return `answered ${said} to somebody who may`;
  if (status === 403 && refusal?.details["capability"] === capability) return `answered ${said} to somebody who may`;
  if (status === 404 && isSame(refusal, nowhere)) return "hid the org from somebody who has a part in it";
  return UNREADABLE.has(status) ? `could not read what the matrix sent: ${said}` : null;
}

const isSame = (refusal: Refusal | null, nowhere: Refusal): boolean =>
  refusal?.message === nowhere.message && JSON.stringify(refusal.details) === JSON.stringify(nowhere.details);
