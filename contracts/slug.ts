import * as z from "zod";

import { SLUG_LENGTH_MAX } from "./limits.ts";

/** Labels that belong to the platform on its own domain; no org may take them (T2). */
const RESERVED_SLUGS: ReadonlySet<string> = new Set(
  (
    "about abuse account accounts admin administrator api app apps assets auth billing blog cdn console control " +
    "dashboard demo dev developer developers dns docs download downloads edge email error example ftp git health help " +
    "host hostmaster imap info internal isola localhost login logout mail main mx news ns ns1 ns2 null oauth official " +
    "operator ops owner pop pop3 postmaster preview private public root router sandbox sdk secure security server " +
    "settings signin signup smtp sso ssl staging static status store support sysadmin system test tls undefined " +
    "webmail webmaster wildcard www"
  ).split(" "),
);

const SLUG_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$/;

/** Labels that begin like these would be ambiguous: a version's preview host, or a name in punycode. */
const PREVIEW_OR_PUNYCODE = /^(?:v[0-9]+|xn)--/;

/** Why a text cannot be a slug, in words for the person who typed it; null when it can. */
export function slugProblem(slug: string): string | null {
  if (slug.length < 2) return "must have at least 2 characters";
  if (slug.length > SLUG_LENGTH_MAX) return `must have at most ${SLUG_LENGTH_MAX} characters`;
  if (slug.startsWith("-") || slug.endsWith("-")) return "must start and end with a letter or a digit";
  if (!SLUG_PATTERN.test(slug)) return "may hold only the letters a to z, digits and hyphens";
  if (PREVIEW_OR_PUNYCODE.test(slug)) return "must not begin like a preview host (v1--) or an encoded name (xn--)";
  if (RESERVED_SLUGS.has(slug)) return "is reserved for the platform; choose another";
  return null;
}

/** Schema of a slug; the reason it gives is {@link slugProblem}'s. */
export const slugSchema = z.string().superRefine((value, context) => {
  const problem = slugProblem(value);
  if (problem !== null) context.addIssue({ code: "custom", message: problem });
});
