import type { Context } from "hono";
import * as z from "zod";

import { emailSchema } from "../../../contracts/api/identity.ts";
import { type ErrorCode, invalidFrom, PlatformError } from "../../../contracts/errors.ts";
import { audit } from "../audit.ts";
import type { AppTypes } from "../mount.ts";
import { readJson } from "../read-json.ts";
import { isSameOrigin } from "./same-origin.ts";
import { AUTH_PATH, signIn } from "./sign-in.ts";

const credentials = z.object({ email: emailSchema, password: z.string().min(1).max(200) });

/** What the library's refusals are in our words. */
const REFUSALS: Record<number, [ErrorCode, string]> = {
  401: ["unauthenticated", "The e-mail address or the password is wrong."],
  403: ["forbidden", "This request did not come from a page of the control plane."],
  429: ["too_many_requests", "Too many attempts to sign in. Wait a moment and try again."],
};

/** `POST /api/auth/sign-in/email`: answers the user and sets the session's cookie. */
export async function signInByEmail(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  requireOwnPage(context);
  const parsed = credentials.safeParse((await readJson(context.req.raw)).value);
  if (!parsed.success) throw invalidFrom(parsed.error, "body");
  const response = await ask(context, "/sign-in/email", parsed.data);
  const { user } = await response.json<{ user: { id: string; email: string; name: string; role: string } }>();
  const { id, email, name, role } = user;
  const actor = { type: "user" as const, id, name };
  scope.later(() => audit(scope.database, scope, { actor, action: "user.sign-in", target: id }));
  return withCookies(context, response, { user: { id, email, name, role } });
}

/** `POST /api/auth/sign-out`: ends the session and takes its cookie back. */
export async function signOut(context: Context<AppTypes>): Promise<Response> {
  requireOwnPage(context);
  return withCookies(context, await ask(context, "/sign-out", {}), { success: true });
}

/** The library's own handler, for it counts attempts and checks origins before anything else. */
async function ask(context: Context<AppTypes>, path: string, body: unknown): Promise<Response> {
  const { scope } = context.var;
  const headers = headersFor(context);
  const url = new URL(AUTH_PATH + path, scope.env.PUBLIC_URL);
  const request = new Request(url, { method: "POST", headers, body: JSON.stringify(body) });
  const response = await signIn(scope).handler(request);
  if (response.ok) return response;
  const [code, message] = REFUSALS[response.status] ?? ["internal", "Sign-in does not work right now."];
  if (code === "internal") throw new Error(`sign-in answered ${response.status} ${await response.text()}`);
  const retryAfterSeconds = Number(response.headers.get("x-retry-after") ?? 0);
  throw new PlatformError(code, message, retryAfterSeconds > 0 ? { retryAfterSeconds } : {});
}

/** Who asks and with which session. The origin has been checked; the library knows fewer kinds of programs than we do. */
function headersFor(context: Context<AppTypes>): Headers {
  const headers = new Headers({ "content-type": "application/json", origin: new URL(context.env.PUBLIC_URL).origin });
  for (const name of ["cookie", "user-agent", "cf-connecting-ip"]) {
    const value = context.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  return headers;
}

/** Signing a browser in or out is nothing another site may do; programs send neither origin nor cookie. */
function requireOwnPage(context: Context<AppTypes>): void {
  const { headers } = context.req.raw;
  const isProgram = !headers.has("origin") && !headers.has("sec-fetch-site") && !headers.has("cookie");
  if (isProgram || isSameOrigin(context.req.raw, context.env.PUBLIC_URL)) return;
  throw new PlatformError(
    "forbidden",
    `Send this from ${new URL(context.env.PUBLIC_URL).origin}, with that as Origin.`,
  );
}

function withCookies(context: Context<AppTypes>, response: Response, body: object): Response {
  for (const cookie of response.headers.getSetCookie()) context.header("set-cookie", cookie, { append: true });
  return context.json(body);
}
