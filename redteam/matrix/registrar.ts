import { createHash, createHmac, randomBytes } from "node:crypto";

import type { Client } from "pg";

import { newId } from "../../contracts/ids.ts";
import { SESSION_TTL_S } from "../../contracts/limits.ts";

/** What a key may be beside usual. */
interface KeyOptions {
  scopes?: readonly string[];
  orgId?: string;
  expiresAt?: Date;
  revokedAt?: Date;
}

/** Writes people, keys and sessions of every kind into the database of a platform, as no API would. */
export class Registrar {
  readonly #sql: Client;
  readonly #authSecret: string;

  constructor(sql: Client, authSecret: string) {
    this.#sql = sql;
    this.#authSecret = authSecret;
  }

  /** Makes an account with roles in orgs by their ids, and returns its id. */
  async person(role: string, orgs: Readonly<Record<string, string>> = {}, deactivatedAt?: Date): Promise<string> {
    const id = newId("user");
    await this.#sql.query(
      `insert into "user" (id, name, email, role, deactivated_at) values ($1, 'Somebody', $2, $3, $4)`,
      [id, `${id}@example.com`, role, deactivatedAt ?? null],
    );
    for (const [orgId, orgRole] of Object.entries(orgs)) {
      await this.#sql.query("insert into member (org_id, user_id, role) values ($1, $2, $3)", [orgId, id, orgRole]);
    }
    return id;
  }

  /** Makes a key of somebody's and returns it. */
  async key(userId: string, { scopes = ["*"], orgId, expiresAt, revokedAt }: KeyOptions = {}): Promise<string> {
    const key = `isola_${randomBytes(32).toString("hex")}`;
    const hash = createHash("sha256").update(key).digest("hex");
    await this.#sql.query(
      `insert into api_key (id, user_id, prefix, hash, name, scopes, org_id, expires_at, revoked_at)
       values ($1, $2, $3, $4, 'matrix', $5, $6, $7, $8)`,
      [
        newId("key"),
        userId,
        key.slice(0, 14),
        hash,
        JSON.stringify(scopes),
        orgId ?? null,
        expiresAt ?? null,
        revokedAt ?? null,
      ],
    );
    return key;
  }

  /** Signs somebody in and returns the session's token, which no cookie signs yet. */
  async session(userId: string, expiresAt = new Date(Date.now() + SESSION_TTL_S * 1_000)): Promise<string> {
    const token = randomBytes(24).toString("base64url");
    const hash = createHash("sha256").update(token).digest("hex");
    await this.#sql.query("insert into session (id, user_id, token, expires_at) values ($1, $2, $3, $4)", [
      newId("session"),
      userId,
      hash,
      expiresAt,
    ]);
    return token;
  }

  /** The cookie of a session's token, signed with the platform's secret or another. */
  cookie(token: string, secret = this.#authSecret): string {
    const signature = createHmac("sha256", secret).update(token).digest("base64");
    return `isola_session=${encodeURIComponent(`${token}.${signature}`)}`;
  }
}
