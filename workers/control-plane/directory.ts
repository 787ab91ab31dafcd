import { WorkerEntrypoint } from "cloudflare:workers";
import { eq, type SQL } from "drizzle-orm";

import type { DirectoryDoor } from "../../contracts/doors.ts";
import type { ProjectedMachine, ProvisionProgress } from "../../contracts/machines.ts";
import type { HostRecord } from "../../contracts/domains.ts";
import { platformErrorOf } from "../../contracts/errors.ts";
import type { JsonWebKeySet, TenantSession } from "../../contracts/hand-over.ts";
import { slugProblem } from "../../contracts/slug.ts";
import { org } from "./database/schema.ts";
import { findDomain } from "./domains/find.ts";
import type { ControlPlaneEnv } from "./env.ts";
import { failureOf } from "./failure.ts";
import { beginTenantSession, endTenantSession, renewTenantSession } from "./hand-over/sessions.ts";
import { goodKeys, keySetOf } from "./hand-over/signing-keys.ts";
import { findRedirect } from "./org-life/rename.ts";
import { tellOrg } from "./org-life/tell.ts";
import { provisionProgress } from "./provisioning/show.ts";
import { wakeMachine } from "./provisioning/wake.ts";
import { reportFailure } from "./report.ts";
import { Scope } from "./scope.ts";

type Found = Awaited<ReturnType<DirectoryDoor["findOrg"]>>;

/** The door to the directory of hosts: asked when an edge finds no projection of a slug, and for people at orgs' hosts. */
export class Directory extends WorkerEntrypoint<ControlPlaneEnv> implements DirectoryDoor {
  findOrg(slug: string): Promise<Found> {
    return this.#answer((scope) => findOrg(scope, slug));
  }

  findDomain(hostname: string): Promise<HostRecord | null> {
    return this.#answer((scope) => findDomain(scope, hostname));
  }

  provisionProgress(orgId: string): Promise<ProvisionProgress | null> {
    return this.#answer((scope) => provisionProgress(scope, orgId));
  }

  wakeMachine(orgId: string): Promise<ProjectedMachine | null> {
    return this.#answer((scope) => wakeMachine(scope, orgId));
  }

  signingKeys(): Promise<JsonWebKeySet> {
    return this.#answer(async ({ database }) => keySetOf(await goodKeys(database, Date.now())));
  }

  beginTenantSession(handOver: string, audience: string): Promise<TenantSession> {
    return this.#answer((scope) => beginTenantSession(scope, handOver, audience));
  }

  renewTenantSession(token: string, audience: string): Promise<TenantSession | null> {
    return this.#answer((scope) => renewTenantSession(scope, token, audience));
  }

  endTenantSession(token: string, audience: string): Promise<void> {
    return this.#answer((scope) => endTenantSession(scope, token, audience));
  }

  async #answer<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
    const scope = new Scope(this.env);
    try {
      return await work(scope);
    } catch (error) {
      throw failureOf(error, scope.requestId).error;
    } finally {
      this.ctx.waitUntil(scope.close());
    }
  }
}

async function findOrg(scope: Scope, slug: unknown): Promise<Found> {
  if (typeof slug !== "string" || slugProblem(slug) !== null) return null;
  const [found = null] = await lookUp(scope, eq(org.slug, slug));
  if (found === null) return redirected(scope, slug);
  if (found.state === "destroying") return shown(found);
  try {
    // Its object may never have heard of it, where creation was cut off, or not of its state.
    if (found.openedAt === null) await tellOrg(scope, found.orgId);
    else await scope.state.openOrg(found.orgId, found.slug, found.state);
  } catch (error) {
    if (platformErrorOf(error) === null) throw error;
    reportFailure(scope.requestId, `org ${found.orgId} could not be opened`, error);
    return shown(found);
  }
  const [still] = await lookUp(scope, eq(org.id, found.orgId));
  // Where it was destroyed in between, opening it must not bring it back.
  if (still === undefined) await scope.state.destroyOrg(found.orgId);
  else if (still.slug === slug) return shown(still);
  return findOrgNow(scope, slug);
}

/** The org that has this slug, or that the slug leads to, as far as the database knows it. */
async function findOrgNow(scope: Scope, slug: string): Promise<Found> {
  const [row] = await lookUp(scope, eq(org.slug, slug));
  return row === undefined ? redirected(scope, slug) : shown(row);
}

async function redirected(scope: Scope, slug: string): Promise<Found> {
  const row = await findRedirect(scope, slug);
  return row === null ? null : { orgId: row.id, slug: row.slug, state: row.state };
}

const lookUp = ({ database }: Scope, which: SQL) =>
  database.select({ orgId: org.id, slug: org.slug, state: org.state, openedAt: org.openedAt }).from(org).where(which);

const shown = ({ orgId, slug, state }: NonNullable<Found>): Found => ({ orgId, slug, state });
