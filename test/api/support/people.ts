import { createHash, randomBytes } from "node:crypto";

import { newId } from "../../../contracts/ids.ts";
import type { OrgRole, PlatformRole, Scope } from "../../../contracts/rights.ts";
import { type Core, ORIGIN, SETUP_TOKEN } from "./core.ts";

export const OWNER = { email: "owner@example.com", password: "a long enough password" };

export interface Person {
  id: string;
  /** A key that may do all that its owner may. */
  token: string;
}

export interface KeyOptions {
  scopes?: Scope[];
  orgId?: string | null;
  expiresAt?: Date | null;
  revokedAt?: Date | null;
}

/** Claims the platform. */
export async function claim(core: Core): Promise<Person> {
  const claimed = await core.call("/api/v1/setup", { json: { token: SETUP_TOKEN, ...OWNER } });
  if (claimed.status !== 201) throw new Error(`no owner: ${claimed.text}`);
  const id: string = claimed.json.id;
  return { id, token: await giveKey(core, id) };
}

/** Signs the owner in and returns the cookie to send. */
export async function signIn(core: Core, credentials = OWNER): Promise<string> {
  const answer = await core.call("/api/auth/sign-in/email", { headers: { origin: ORIGIN }, json: credentials });
  if (answer.status !== 200) throw new Error(`not signed in: ${answer.text}`);
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

/** Makes an account, with roles in orgs by their ids. */
export async function join(core: Core, role: PlatformRole, orgs: Record<string, OrgRole> = {}): Promise<Person> {
  const id = newId("user");
  await core.sql.query(`insert into "user" (id, name, email, role) values ($1, 'Somebody', $2, $3)`, [
    id,
    `${id}@example.com`,
    role,
  ]);
  for (const [orgId, orgRole] of Object.entries(orgs)) {
    await core.sql.query("insert into member (org_id, user_id, role) values ($1, $2, $3)", [orgId, id, orgRole]);
  }
  return { id, token: await giveKey(core, id) };
}

/** Puts a key of any kind into the database and returns it. */
export async function giveKey(core: Core, userId: string, options: KeyOptions = {}): Promise<string> {
  const key = `isola_${randomBytes(32).toString("hex")}`;
  await core.sql.query(
    `insert into api_key (id, user_id, prefix, hash, name, scopes, org_id, expires_at, revoked_at)
     values ($1, $2, $3, $4, 'test', $5, $6, $7, $8)`,
    [
      newId("key"),
      userId,
      key.slice(0, 14),
      createHash("sha256").update(key).digest("hex"),
      JSON.stringify(options.scopes ?? ["*"]),
      options.orgId ?? null,
      options.expiresAt ?? null,
      options.revokedAt ?? null,
    ],
  );
  return key;
}

/** Makes an org and returns its id. */
export async function makeOrg(core: Core, token: string, slug: string): Promise<string> {
  const made = await core.call("/api/v1/orgs", { token, json: { slug } });
  if (made.status !== 201) throw new Error(`no org: ${made.text}`);
  return made.json.id as string;
}

/** The token in the newest letter that an address was sent. */
export async function tokenFor(core: Core, email: string): Promise<string> {
  const { rows } = await core.sql.query("select text from mail where recipient = $1 order by created_at desc limit 1", [
    email,
  ]);
  const token = /token=([0-9a-f]{64})/.exec(rows[0]?.text ?? "")?.[1];
  if (token === undefined) throw new Error(`no link for ${email}: ${JSON.stringify(rows)}`);
  return token;
}
