import type { Context } from "hono";
import * as z from "zod";

import { AUTH_PATH } from "../../../contracts/auth-endpoints.ts";
import { invalidFrom, PlatformError } from "../../../contracts/errors.ts";
import type { Queries } from "../database/connect.ts";
import type { AppTypes } from "../mount.ts";
import { readJson } from "../read-json.ts";
import { getStanding, type Principal } from "./principal.ts";
import { isSameOrigin } from "./same-origin.ts";
import { signIn } from "./sign-in.ts";

/** What the library answered. */
export type LibraryAnswer =
  | { ok: true; value: unknown; cookies: string[] }
  /** `code` is the library's own, such as `INVALID_CODE`. */
  | { ok: false; code: string };

const refusalSchema = z.object({ code: z.string().default("") });
/** What the library puts down to itself and is the sender's. */
const REFUSALS: ReadonlySet<string> = new Set(["FAILED_TO_VERIFY_REGISTRATION"]);

/** Asks the library through its own handler, which knows cookies and challenges. */
export async function ask(
  context: Context<AppTypes>,
  method: "GET" | "POST",
  path: string,
  body?: unknown,
  queries: Queries = context.var.scope.database,
): Promise<LibraryAnswer> {
  const { scope } = context.var;
  const url = new URL(AUTH_PATH + path, scope.env.PUBLIC_URL);
  const sent = method === "GET" ? {} : { body: JSON.stringify(body ?? {}) };
  const request = new Request(url, { method, headers: headersFor(context), ...sent });
  const response = await signIn(scope, queries).handler(request);
  if (response.ok) return { ok: true, value: await response.json(), cookies: response.headers.getSetCookie() };
  const refusal = await response.text();
  const { code } = refusalSchema.parse(JSON.parse(refusal));
  if (response.status >= 500 && !REFUSALS.has(code)) throw new Error(`${path} answered ${response.status} ${refusal}`);
  return { ok: false, code };
}

/** Who asks and with which session. The origin has been checked; the library knows fewer kinds of programs than we do. */
function headersFor(context: Context<AppTypes>): Headers {
  const headers = new Headers({ "content-type": "application/json", origin: new URL(context.env.PUBLIC_URL).origin });
  for (const name of ["cookie", "user-agent"]) {
    const value = context.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  return headers;
}

/** The body of a request that one of our own pages, or a program, sent. */
export async function readOwn<S extends z.ZodType>(context: Context<AppTypes>, schema: S): Promise<z.output<S>> {
  requireOwnPage(context);
  const parsed = schema.safeParse((await readJson(context.req.raw)).value);
  if (!parsed.success) throw invalidFrom(parsed.error, "body");
  return parsed.data;
}

/** Signing a browser in or out is nothing another site may do; programs send neither origin nor cookie. */
export function requireOwnPage(context: Context<AppTypes>): void {
  const { headers } = context.req.raw;
  const isProgram = !headers.has("origin") && !headers.has("sec-fetch-site") && !headers.has("cookie");
  if (isProgram || isSameOrigin(context.req.raw, context.env.PUBLIC_URL)) return;
  throw new PlatformError(
    "forbidden",
    `Send this from ${new URL(context.env.PUBLIC_URL).origin}, with that as Origin.`,
  );
}

/** A person who is signed in with a browser. */
export type SignedIn = Principal & { sessionId: string };

/** Who asks, by a session: ways to sign in are no business of keys. Throws `unauthenticated` or `forbidden`. */
export async function getSignedIn(context: Context<AppTypes>): Promise<SignedIn> {
  const { scope } = context.var;
  const { principal } = await getStanding(scope, context.req.raw.headers, null);
  const { sessionId } = principal;
  if (sessionId === null) {
    throw new PlatformError(
      "forbidden",
      "A key cannot do this. Sign in with a browser, and do it on the page /account.",
    );
  }
  for (const cookie of principal.setCookies) context.header("set-cookie", cookie, { append: true });
  return { ...principal, sessionId };
}

/** Answers JSON with the cookies that the library set. */
export function withCookies(context: Context<AppTypes>, cookies: readonly string[], body: object): Response {
  for (const cookie of cookies) context.header("set-cookie", cookie, { append: true });
  return context.json(body);
}
