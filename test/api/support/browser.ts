import { hashPassword } from "better-auth/crypto";

import { newId } from "../../../contracts/ids.ts";
import { type Answer, type Core, ORIGIN } from "./core.ts";

/** Of every account that {@link makeAccount} makes. */
export const PASSWORD = "a long enough password";
let hash: Promise<string> | null = null;

/** An account that signs in with {@link PASSWORD}. */
export async function makeAccount(core: Core): Promise<{ id: string; email: string }> {
  hash ??= hashPassword(PASSWORD);
  const id = newId("user");
  const email = `${id}@example.com`;
  await core.sql.query(`insert into "user" (id, name, email, role) values ($1, 'Somebody', $2, 'member')`, [id, email]);
  await core.sql.query(
    `insert into account (id, user_id, account_id, provider_id, password) values ($1, $1, $1, 'credential', $2)`,
    [id, await hash],
  );
  return { id, email };
}

/** A browser on our own pages: it keeps cookies and sends its origin. */
export class Browser {
  readonly #core: Core;
  readonly cookies = new Map<string, string>();
  userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

  constructor(core: Core) {
    this.#core = core;
  }

  async send(method: string, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await this.#core.call(path, {
      method,
      headers: { origin: ORIGIN, "user-agent": this.userAgent, ...(cookie === "" ? {} : { cookie }), ...headers },
      ...(json === undefined ? {} : { json }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "" || /; Max-Age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  post(path: string, json: unknown = {}): Promise<Answer> {
    return this.send("POST", `/api/auth${path}`, json);
  }

  signIn(email: string, password = PASSWORD): Promise<Answer> {
    return this.post("/sign-in/email", { email, password });
  }

  /** Whether this browser is signed in. */
  async isSignedIn(): Promise<boolean> {
    return (await this.send("GET", "/api/v1/me")).status === 200;
  }
}

/** A browser that is signed in to a new account. */
export async function signedIn(core: Core): Promise<{ browser: Browser; id: string; email: string }> {
  const account = await makeAccount(core);
  const browser = new Browser(core);
  const answer = await browser.signIn(account.email);
  if (answer.status !== 200) throw new Error(`not signed in: ${answer.text}`);
  return { browser, ...account };
}
