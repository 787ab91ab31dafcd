import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from "drizzle-orm/pg-core";

import type { Budget } from "../../../contracts/budgets.ts";
import type {
  DriverName,
  MachineDriverName,
  MachineHealth,
  MachineSpec,
  MachineState,
  ProvisionState,
  ProvisionStep,
  StepState,
} from "../../../contracts/machines.ts";
import { DEFAULT_PLAN, type OwnQuotas, type QuotaName, type Quotas } from "../../../contracts/plans.ts";
import type { Prices } from "../../../contracts/prices.ts";
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

/** A person with an account; or a partner, which acts by keys alone and has no way to sign in. */
export const user = pgTable("user", {
  id: text().primaryKey(),
  name: text().notNull(),
  email: text().notNull().unique(),
  emailVerified: boolean().notNull().default(false),
  image: text(),
  role: text().$type<PlatformRole>().notNull().default("member"),
  twoFactorEnabled: boolean().notNull().default(false),
  /** Since when the account cannot do anything; null for one that can. */
  deactivatedAt: at(),
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
    /** City and country as the network tells them; null where nobody does. */
    place: text(),
    /** Written down at most every few minutes. */
    lastSeenAt: at(),
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

/** The second factor of an account: what its codes are made of, sealed by the library. */
export const twoFactor = pgTable(
  "two_factor",
  {
    id: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    secret: text().notNull(),
    backupCodes: text().notNull(),
    /** False until the first code was right. */
    verified: boolean().default(true),
    failedVerificationCount: integer().default(0),
    lockedUntil: at(),
  },
  (table) => [index("two_factor_user").on(table.userId)],
);

/** A passkey: the public half of a credential that a device keeps. */
export const passkey = pgTable(
  "passkey",
  {
    id: text().primaryKey(),
    name: text(),
    publicKey: text().notNull(),
    userId: text()
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    credentialID: text("credential_id").notNull().unique(),
    counter: integer().notNull(),
    deviceType: text().notNull(),
    backedUp: boolean().notNull(),
    transports: text(),
    aaguid: text(),
    createdAt: createdAt(),
  },
  (table) => [index("passkey_user").on(table.userId)],
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

/** What holds for the whole platform: one row at most; without it, everything is as it is by default. */
export const platformSettings = pgTable(
  "platform_settings",
  {
    id: integer().primaryKey().default(1),
    /** Who may make an account: whoever was invited, or anybody. */
    signUp: text().$type<"invitation" | "open">().notNull().default("invitation"),
    /** Whether people without a role on the platform may make orgs. */
    membersCreateOrgs: boolean().notNull().default(false),
    updatedAt: updatedAt(),
  },
  (table) => [check("platform_settings_single", sql`${table.id} = 1`)],
);

/** A bundle of quotas that orgs are given. */
export const plan = pgTable("plan", {
  name: text().primaryKey(),
  title: text().notNull(),
  quotas: jsonb().$type<Quotas>().notNull(),
  /** What use costs; nothing where it is empty. */
  prices: jsonb().$type<Prices>().notNull().default({}),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

/** The authoritative directory of orgs and their slugs. */
export const org = pgTable(
  "org",
  {
    id: text().primaryKey(),
    slug: text().notNull().unique(),
    name: text().notNull(),
    driver: text().$type<DriverName>().notNull(),
    state: text().$type<OrgState>().notNull(),
    /** Who suspended it, which says who may end that; null while it is not suspended. */
    suspendedBy: text().$type<"org" | "platform">(),
    suspendedReason: text(),
    /** What it may cost in a month; null for whatever it costs. */
    budget: jsonb().$type<Budget>(),
    createdBy: text().references(() => user.id, { onDelete: "set null" }),
    plan: text()
      .notNull()
      .default(DEFAULT_PLAN)
      .references(() => plan.name),
    /** What holds for this org instead of its plan's. */
    quotas: jsonb().$type<OwnQuotas>().notNull().default({}),
    /** Grows with every change of what the org may have, by its plan or by itself. */
    quotasRevision: integer().notNull().default(0),
    /** The revision that its object knows. */
    quotasPublished: integer().notNull().default(0),
    /** Until when its usage is rolled up into `usage_hour`. */
    usageUntil: at(),
    /** When it was last looked whether it comes near to its quotas. */
    quotasLookedAt: at(),
    /** When its object first knew of it; null where creation was cut off before that. */
    openedAt: at(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("org_state").on(table.state),
    index("org_untold")
      .on(table.id)
      .where(sql`${table.openedAt} is null`),
    index("org_plan").on(table.plan),
    index("org_quotas_unpublished")
      .on(table.id)
      .where(sql`${table.quotasPublished} < ${table.quotasRevision}`),
  ],
);

/** A slug that an org gave up: it leads to the one it has until it expires, and nobody else can have it before. */
export const slugRedirect = pgTable(
  "slug_redirect",
  {
    slug: text().primaryKey(),
    orgId: text()
      .notNull()
      .references(() => org.id, { onDelete: "cascade" }),
    expiresAt: at().notNull(),
    createdAt: createdAt(),
  },
  (table) => [index("slug_redirect_org").on(table.orgId), index("slug_redirect_expires").on(table.expiresAt)],
);

/**
 * One attempt to give an org a machine: the journal of the saga. `provider` holds what the provider has made so far, by
 * the driver's own names, and is written before anything is waited for.
 */
export const provision = pgTable(
  "provision",
  {
    id: text().primaryKey(),
    orgId: text()
      .notNull()
      .references(() => org.id, { onDelete: "cascade" }),
    /** The machine it makes; its row comes when the provider has one. */
    machineId: text().notNull().unique(),
    driver: text().$type<MachineDriverName>().notNull(),
    spec: jsonb().$type<MachineSpec>().notNull(),
    state: text().$type<ProvisionState>().notNull().default("running"),
    /** Whether the org came into being with it, and fails with it. */
    isFirst: boolean().notNull(),
    provider: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    secretsVersion: integer().notNull().default(1),
    /** SHA-256 of the token by which the machine registers itself; null once it is used or of no use. */
    enrolmentHash: text().unique(),
    enrolmentExpiresAt: at(),
    /** Grows with every run of the workflow; a run with a smaller one stops. */
    attempt: integer().notNull().default(1),
    leaseUntil: at().notNull(),
    deadlineAt: at().notNull(),
    /** What went wrong, for people; with the machine's last log lines where it had any. */
    error: jsonb().$type<{ code: string; message: string; lines?: string[] }>(),
    createdBy: text().notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("provision_org").on(table.orgId, table.createdAt),
    index("provision_lease").on(table.state, table.leaseUntil),
    // Two provisions of one org at once end with one of them.
    uniqueIndex("provision_one_at_once")
      .on(table.orgId)
      .where(sql`${table.state} in ('running', 'compensating')`),
  ],
);

/** The steps of a provision, as they happen. */
export const provisionStep = pgTable(
  "provision_step",
  {
    provisionId: text()
      .notNull()
      .references(() => provision.id, { onDelete: "cascade" }),
    step: text().$type<ProvisionStep>().notNull(),
    place: integer().notNull(),
    state: text().$type<StepState>().notNull().default("waiting"),
    attempts: integer().notNull().default(0),
    error: text(),
    startedAt: at(),
    endedAt: at(),
  },
  (table) => [primaryKey({ columns: [table.provisionId, table.step] })],
);

/** Compute that an org has. One module writes its rows; one that is `destroyed` has none. */
export const machine = pgTable(
  "machine",
  {
    id: text().primaryKey(),
    /** An org has one at most. */
    orgId: text()
      .notNull()
      .unique()
      .references(() => org.id),
    driver: text().$type<MachineDriverName>().notNull(),
    spec: jsonb().$type<MachineSpec>().notNull(),
    state: text().$type<MachineState>().notNull(),
    /** Since when it is in it. */
    stateAt: at().notNull().defaultNow(),
    region: text(),
    /** What the provider calls what belongs to it. */
    provider: jsonb().$type<Record<string, unknown>>().notNull(),
    origin: text(),
    network: text().$type<"host" | "public">().notNull().default("public"),
    secretsVersion: integer().notNull(),
    /** SHA-256 of the token by which it registers itself; null once it is used or of no use. */
    enrolmentHash: text().unique(),
    enrolmentExpiresAt: at(),
    health: text().$type<MachineHealth>().notNull().default("unknown"),
    /** Probes in a row that failed. */
    probesFailed: integer().notNull().default(0),
    heartbeatAt: at(),
    /** Id of the last call-back, so that one sent again is taken once. */
    lastCallBackId: text(),
    /** Requests of the org that had been counted when it was last looked, and when that number last grew. */
    requestsSeen: bigint({ mode: "number" }).notNull().default(0),
    requestedAt: at().notNull().defaultNow(),
    /** What went wrong last, for people. */
    error: jsonb().$type<{ code: string; message: string; lines?: string[] }>(),
    lookedAt: at(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("machine_state").on(table.state, table.stateAt), index("machine_looked").on(table.lookedAt)],
);

/** Something at a provider that carries our tag and has no owner here; it is removed after a grace. */
export const orphan = pgTable(
  "orphan",
  {
    driver: text().$type<MachineDriverName>().notNull(),
    /** What the driver calls it, such as `volume/vol_123`. */
    resource: text().notNull(),
    firstSeenAt: at().notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.driver, table.resource] })],
);

/** A claim of an org on a host name of its own. */
export const domain = pgTable(
  "domain",
  {
    id: text().primaryKey(),
    orgId: text()
      .notNull()
      .references(() => org.id, { onDelete: "cascade" }),
    /** In lower case; `*.example.com` for a wildcard. */
    hostname: text().notNull().unique(),
    /** Name of the wildcard's label; null where it has none. */
    label: text(),
    state: text().$type<"pending" | "active">().notNull().default("pending"),
    /** When the proof was last looked for, and what was found instead of it. */
    checkedAt: at(),
    problem: text(),
    provedAt: at(),
    /** Until when it may stay unproven; null once it is proved. */
    expiresAt: at(),
    /** What the certificate's driver keeps of it. */
    certificate: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("domain_org").on(table.orgId),
    index("domain_state").on(table.state, table.checkedAt),
    index("domain_expires").on(table.expiresAt),
  ],
);

/** What has still to be removed at the certificates' provider, after the claim is gone. */
export const certificateRemoval = pgTable("certificate_removal", {
  id: text().primaryKey(),
  hostname: text().notNull(),
  createdAt: createdAt(),
});

/** A database of an org's own; its connection string is the org's secret `DATABASE_URL` and stands nowhere else. */
export const tenantDatabase = pgTable("tenant_database", {
  orgId: text()
    .primaryKey()
    .references(() => org.id),
  driver: text().$type<"neon">().notNull(),
  state: text().$type<"creating" | "ready" | "destroying" | "failed">().notNull(),
  /** What the provider calls what belongs to it, written before anything is waited for. */
  provider: jsonb().$type<Record<string, unknown>>().notNull().default({}),
  error: text(),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

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

/** A place in an org or on the platform that is kept for an address; who holds the token takes it. */
export const invitation = pgTable(
  "invitation",
  {
    id: text().primaryKey(),
    /** In lower case. */
    email: text().notNull(),
    /** Null for a place on the platform alone. */
    orgId: text().references(() => org.id, { onDelete: "cascade" }),
    orgRole: text().$type<OrgRole>(),
    platformRole: text().$type<PlatformRole>().notNull().default("member"),
    /** SHA-256 of the token. */
    tokenHash: text().notNull().unique(),
    invitedBy: text().references(() => user.id, { onDelete: "set null" }),
    expiresAt: at().notNull(),
    acceptedAt: at(),
    revokedAt: at(),
    createdAt: createdAt(),
  },
  (table) => [index("invitation_org").on(table.orgId), index("invitation_email").on(table.email)],
);

/** Letters, written down with the change that they tell of and sent after it. */
export const mail = pgTable(
  "mail",
  {
    id: text().primaryKey(),
    recipient: text().notNull(),
    subject: text().notNull(),
    /** Null once the letter has left: it may hold a link that signs in. The local mailbox keeps it. */
    text: text(),
    html: text(),
    state: text().$type<"queued" | "sent" | "failed">().notNull().default("queued"),
    attempts: integer().notNull().default(0),
    /** When it is tried next. */
    dueAt: at().notNull().defaultNow(),
    error: text(),
    sentAt: at(),
    createdAt: createdAt(),
  },
  (table) => [index("mail_due").on(table.state, table.dueAt), index("mail_created").on(table.createdAt)],
);

/** Warnings that an org comes near to a quota or its budget, or has used it up: each is given once a month. */
export const quotaWarning = pgTable(
  "quota_warning",
  {
    orgId: text()
      .notNull()
      .references(() => org.id, { onDelete: "cascade" }),
    quota: text().$type<QuotaName | "budget">().notNull(),
    /** The first of the month, UTC. */
    monthAt: at().notNull(),
    /** Of the quota or the budget. */
    percent: integer().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.quota, table.monthAt, table.percent] })],
);

/** The keys by which people are handed over to tenants' hosts: public, and private under seal. */
export const signingKey = pgTable("signing_key", {
  /** The `kid` of RFC 7517. */
  id: text().primaryKey(),
  publicKey: jsonb().$type<Record<string, string>>().notNull(),
  /** AES-GCM under a key derived of the platform's own secret. */
  privateKey: text().notNull(),
  /** From when it signs; it is published before, so that everybody knows it in time. */
  activeFrom: at().notNull(),
  /** Until when what it signed may be believed. */
  expiresAt: at().notNull(),
  createdAt: createdAt(),
});

/** Hand-overs that were taken: each is good once. */
export const handOver = pgTable("hand_over", { jti: text().primaryKey(), expiresAt: at().notNull() }, (table) => [
  index("hand_over_expires").on(table.expiresAt),
]);

/** What orgs used, by hour: copied from their objects, whole hours over whole hours, so that a repetition changes nothing. */
export const usageHour = pgTable(
  "usage_hour",
  {
    /** Outlives the org. */
    orgId: text().notNull(),
    hourAt: at().notNull(),
    requests: bigint({ mode: "number" }).notNull(),
    executions: bigint({ mode: "number" }).notNull(),
    failures: bigint({ mode: "number" }).notNull(),
    refused: bigint({ mode: "number" }).notNull(),
    cpuMs: doublePrecision().notNull(),
    storageBytes: bigint({ mode: "number" }),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.hourAt] }), index("usage_hour_at").on(table.hourAt)],
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
    /** Requests a minute, where that is less than what its owner may make. */
    requestsPerMinute: integer(),
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

/**
 * Who did what to what, when, from where. Rows are added and never changed, and outlive what they name. Triggers of the
 * database link them: `seq`, `prevHash` and `hash` are theirs to set, and they refuse every change.
 */
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
    /** The org, or the platform: each has a chain of its own, so that orgs do not wait for each other. */
    chain: text()
      .notNull()
      .generatedAlwaysAs(sql`coalesce(org_id, 'platform')`),
    /** Place in the chain, from 1. */
    seq: bigint({ mode: "number" }).notNull().default(0),
    /** Hash of the entry before; of the first, SHA-256 of the chain's name. All hashes are hexadecimal. */
    prevHash: text().notNull().default(""),
    /** SHA-256 of `prevHash`, a line feed and `entry`. */
    hash: text().notNull().default(""),
    /** The whole entry as JSON; the columns before `chain` repeat it for those who search. */
    entry: text().notNull(),
  },
  (table) => [
    index("audit_log_order").on(table.at, table.seq, table.id),
    index("audit_log_chain_order").on(table.chain, table.at, table.seq, table.id),
    uniqueIndex("audit_log_chain_seq").on(table.chain, table.seq),
    index("audit_log_actor").on(table.actorId, table.at),
    index("audit_log_target").on(table.target, table.at),
    index("audit_log_request").on(table.requestId),
  ],
);

/** The newest entry of each chain, so that a chain cut short shows. The database's triggers alone write it. */
export const auditHead = pgTable("audit_head", {
  chain: text().primaryKey(),
  seq: bigint({ mode: "number" }).notNull(),
  prevHash: text().notNull(),
  hash: text().notNull(),
});

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
