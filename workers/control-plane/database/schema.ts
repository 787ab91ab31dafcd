import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from "drizzle-orm/pg-core";

import type { OrgState } from "../../../contracts/projection.ts";
import type { OrgRole, PlatformRole, Scope } from "../../../contracts/rights.ts";

/**
 * The tables of the control plane. Column names are the snake case of the property names. Every point
 * in time is a `timestamptz` with milliseconds; the API turns it into epoch milliseconds at its edge.
 */

const at = () => timestamp({ withTimezone: true, precision: 3, mode: "date" });
const createdAt = () => at().notNull().defaultNow();
const updatedAt = () =>
  at()
    .notNull()
    .defaultNow()
    .$onUpdate(() => new Date());

/** A person with an account. */
export const user = pgTable("user", {
  id: text().primaryKey(),
  name: text().notNull(),
  email: text().notNull().unique(),
  emailVerified: boolean().notNull().default(false),
  image: text(),
  role: text().$type<PlatformRole>().notNull().default("member"),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

/** A signed-in browser; `token` is the hash of what the cookie holds. */
export const session = pgTable(
  "session",
  {
    id: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    token: text().notNull().unique(),
    expiresAt: at().notNull(),
    ipAddress: text(),
    userAgent: text(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("session_user").on(table.userId), index("session_expires").on(table.expiresAt)],
);

/** A way to sign in; `password` is the hash of one that has a password. */
export const account = pgTable(
  "account",
  {
    id: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    accountId: text().notNull(),
    providerId: text().notNull(),
    accessToken: text(),
    refreshToken: text(),
    idToken: text(),
    accessTokenExpiresAt: at(),
    refreshTokenExpiresAt: at(),
    scope: text(),
    password: text(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("account_user").on(table.userId)],
);

/** Short-lived values of sign-in flows. */
export const verification = pgTable(
  "verification",
  {
    id: text().primaryKey(),
    identifier: text().notNull(),
    value: text().notNull(),
    expiresAt: at().notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("verification_identifier").on(table.identifier)],
);

/** Attempts to sign in, by address and path. `lastRequest` is epoch milliseconds, as the library keeps it. */
export const rateLimit = pgTable("rate_limit", {
  id: text().primaryKey(),
  key: text().notNull().unique(),
  count: integer().notNull(),
  lastRequest: bigint({ mode: "number" }).notNull(),
});

/** The first owner's place: one row at most, so that exactly one of several claims succeeds. */
export const ownerClaim = pgTable(
  "owner_claim",
  {
    id: integer().primaryKey().default(1),
    userId: text().notNull(),
    claimedAt: createdAt(),
  },
  (table) => [check("owner_claim_single", sql`${table.id} = 1`)],
);

/** The authoritative directory of orgs and their slugs. */
export const org = pgTable(
  "org",
  {
    id: text().primaryKey(),
    slug: text().notNull().unique(),
    name: text().notNull(),
    driver: text().$type<"isolate">().notNull(),
    state: text().$type<OrgState>().notNull(),
    createdBy: text().references(() => user.id, { onDelete: "set null" }),
    /** When its object first knew of it; null where creation was cut off before that. */
    openedAt: at(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("org_state").on(table.state)],
);

/** A user in an org, with a role. */
export const member = pgTable(
  "member",
  {
    orgId: text()
      .notNull()
      .references(() => org.id, { onDelete: "cascade" }),
    userId: text()
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    role: text().$type<OrgRole>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.userId] }), index("member_user").on(table.userId)],
);

/** An API key: its hash, and what it may do. The key itself is nowhere. */
export const apiKey = pgTable(
  "api_key",
  {
    id: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    prefix: text().notNull(),
    hash: text().notNull().unique(),
    name: text().notNull(),
    scopes: jsonb().$type<Scope[]>().notNull(),
    orgId: text().references(() => org.id, { onDelete: "cascade" }),
    expiresAt: at(),
    revokedAt: at(),
    lastUsedAt: at(),
    createdAt: createdAt(),
  },
  (table) => [
    index("api_key_prefix").on(table.prefix),
    index("api_key_user").on(table.userId),
    index("api_key_org").on(table.orgId),
  ],
);

/** Who did what to what, when, from where. Rows are added and never changed, and outlive what they name. */
export const auditLog = pgTable(
  "audit_log",
  {
    id: text().primaryKey(),
    at: createdAt(),
    actorType: text().$type<"user" | "key" | "platform">().notNull(),
    actorId: text().notNull(),
    actorName: text().notNull(),
    action: text().notNull(),
    target: text().notNull(),
    orgId: text(),
    details: jsonb().$type<Record<string, unknown>>().notNull(),
    address: text(),
    requestId: text(),
  },
  (table) => [index("audit_log_at").on(table.at), index("audit_log_org").on(table.orgId, table.at)],
);

/** A mutation that was sent with an idempotency key, and its answer once there is one. */
export const idempotencyKey = pgTable(
  "idempotency_key",
  {
    principalId: text().notNull(),
    key: text().notNull(),
    requestHash: text().notNull(),
    /** Null while the first request with this key is still being served. */
    status: integer(),
    /** Null also where the answer held a secret, which is not kept. */
    body: text(),
    lockedUntil: at().notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.principalId, table.key] }),
    index("idempotency_key_created").on(table.createdAt),
  ],
);
