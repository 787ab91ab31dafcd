import { WorkerEntrypoint } from "cloudflare:workers";
import { eq } from "drizzle-orm";

import type { DirectoryDoor } from "../../contracts/doors.ts";
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
import { openOrg } from "./org-life.ts";
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
  const found = await lookUp(scope, slug);
  if (found === null || found.state !== "running") return found;
  try {
    // Its object may never have heard of it, where creation was cut off.
    await openOrg(scope, { id: found.orgId, slug });
  } catch (error) {
    if (platformErrorOf(error) === null) throw error;
    reportFailure(scope.requestId, `org ${found.orgId} could not be opened`, error);
    return found;
  }
  const still = await lookUp(scope, slug);
  if (still?.orgId === found.orgId) return still;
  // It was destroyed in between, and opening it must not bring it back.
  await scope.state.destroyOrg(found.orgId);
  return still;
}

async function lookUp(scope: Scope, slug: string): Promise<Found> {
  const [row] = await scope.database
    .select({ orgId: org.id, slug: org.slug, state: org.state })
    .from(org)
    .where(eq(org.slug, slug));
  return row ?? null;
}
