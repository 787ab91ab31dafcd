import { createClient } from "../../contracts/client.ts";
import { errorBodySchema, PlatformError } from "../../contracts/errors.ts";
import type { Credentials } from "./credentials.ts";
import { reach } from "./http.ts";

/** A web session just long enough to make an API key. */
interface WebSession {
  url: string;
  cookie: string;
}

/** What somebody signs in with; `code` is asked only where there is a second factor. */
export interface SignInInput {
  email: string;
  password: string;
  code: () => Promise<string>;
}

/**
 * Signs in with a password, and a code where the account has a second factor, and makes an API key named `keyName` for this machine.
 * @throws PlatformError `unauthenticated` when e-mail or password is wrong, and whatever the control plane refuses with.
 */
export async function signIn(
  url: string,
  { email, password, code }: SignInInput,
  keyName: string,
): Promise<Credentials> {
  const web = await openWebSession(url, email, password, code);
  const client = createClient({ url, fetch: (target, init) => reach(target, asBrowser(web, init)) });
  try {
    const key = await client.createKey({ body: { name: keyName } });
    return { url, token: key.key, keyId: key.id };
  } finally {
    await closeWebSession(web);
  }
}

async function openWebSession(
  url: string,
  email: string,
  password: string,
  code: () => Promise<string>,
): Promise<WebSession> {
  let response = await post(url, "/api/auth/sign-in/email", { email, password });
  if (!response.ok) throw await refusal(response, url);
  const answer = (await response
    .clone()
    .json()
    .catch(() => null)) as { twoFactor?: boolean } | null;
  if (answer?.twoFactor === true) {
    const halfway = cookieOf(response);
    response = await post(url, "/api/auth/two-factor/verify", { code: await code() }, halfway);
    if (response.status === 401) throw new PlatformError("unauthenticated", "The code is wrong, or its time is over.");
    if (!response.ok) throw await refusal(response, url);
  }
  const cookie = cookieOf(response);
  if (cookie === "") {
    throw new PlatformError("unavailable", `The answer of ${url} is not an Isola control plane's. Check the URL.`);
  }
  return { url, cookie };
}

/** The cookies that an answer sets, as a browser would send them back. */
function cookieOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((line) => line.split(";", 1)[0])
    .join("; ");
}

// The key is made by now; a session that cannot be closed ends by itself.
async function closeWebSession(web: WebSession): Promise<void> {
  await post(web.url, "/api/auth/sign-out", {}, web.cookie).catch(() => null);
}

function post(url: string, path: string, body: unknown, cookie?: string): Promise<Response> {
  const headers = new Headers({ "content-type": "application/json", accept: "application/json", origin: url });
  if (cookie !== undefined) headers.set("cookie", cookie);
  return reach(url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

function asBrowser(web: WebSession, init: RequestInit): RequestInit {
  const headers = new Headers(init.headers);
  headers.set("cookie", web.cookie);
  headers.set("origin", web.url);
  return { ...init, headers };
}

async function refusal(response: Response, url: string): Promise<PlatformError> {
  if (response.status === 401) {
    return new PlatformError("unauthenticated", "The e-mail address or the password is wrong.");
  }
  if (response.status === 429) {
    const seconds = response.headers.get("retry-after") ?? response.headers.get("x-retry-after");
    const wait = seconds === null ? "a minute" : `${seconds} seconds`;
    return new PlatformError("too_many_requests", `Too many attempts to sign in. Try again in ${wait}.`);
  }
  const body: unknown = await response.json().catch(() => null);
  const ours = errorBodySchema.safeParse(body);
  if (ours.success) return new PlatformError(ours.data.error.code, ours.data.error.message, ours.data.error.details);
  const message = typeof body === "object" && body !== null && "message" in body ? String(body.message) : null;
  const reason = message ?? "it may not be an Isola control plane. Check the URL";
  return new PlatformError("unavailable", `${url} refused to sign in (HTTP ${response.status}): ${reason}.`);
}
