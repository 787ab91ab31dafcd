import * as z from "zod";

import { DATABASE_LOOK_PAUSE_MS, TENANT_DATABASE_WAIT_MS } from "../../../contracts/limits.ts";
import { ProviderError } from "../provisioning/provider-error.ts";
import type { DatabaseDriver, DatabaseOwner, DatabasePlan, DatabaseRecord } from "./driver.ts";
import { NeonApi, type NeonBranch, type NeonOptions } from "./neon-api.ts";

/** What is kept of what Neon has made for one org. */
const recordSchema = z.object({ branchId: z.string().optional() });
const STILL = new Set(["scheduling", "running", "cancelling"]);

/** The name of an org's branch: only what is called so is adopted or removed. */
const branchNameOf = ({ platformId, orgId }: DatabaseOwner): string => `isola-${platformId}-${orgId}`;

/**
 * A database for each org as a branch of one Neon project, with an endpoint of its own. A branch begins as a copy of the
 * project's default branch, which therefore has to stay empty; and with the passwords of its roles, so that each
 * org's is drawn anew before anybody hears of it.
 */
export function neonDatabases(options: NeonOptions): DatabaseDriver {
  return new NeonDatabases(new NeonApi(options));
}

class NeonDatabases implements DatabaseDriver {
  readonly name = "neon";
  readonly #api: NeonApi;

  constructor(api: NeonApi) {
    this.#api = api;
  }

  async create({ owner, known, keep }: DatabasePlan): Promise<string | null> {
    const branch = await this.#branchFor(owner, known);
    const record = { branch: branch.name, branchId: branch.id };
    await keep(record);
    const until = Date.now() + TENANT_DATABASE_WAIT_MS;
    if (!(await this.#isReady(branch, until))) return null;
    const endpointId = (await this.#api.findEndpoint(branch.id)) ?? (await this.#api.createEndpoint(branch.id));
    const found = await this.#api.findDatabase(branch.id);
    if (found === null) throw new ProviderError("refused", "The default branch of the Neon project has no database.");
    await keep({ ...record, endpointId, ...found });
    const operations = await this.#api.resetPassword(branch.id, found.role);
    for (const operation of operations) {
      if (!(await this.#isFinished(operation, until))) return null;
    }
    return this.#api.connectionUri({ branchId: branch.id, endpointId, ...found });
  }

  async destroy({ owner, known }: DatabasePlan): Promise<void> {
    await this.#api.requireProject();
    const branch = await this.#findBranch(owner, known);
    if (branch === null) return;
    await this.#api.deleteBranch(branch.id);
    const until = Date.now() + TENANT_DATABASE_WAIT_MS;
    while ((await this.#api.findBranch(branch.id)) !== null) {
      if (Date.now() >= until) throw new ProviderError("unavailable", "Neon has not removed the database yet.");
      await pause();
    }
    await this.#api.requireProject();
  }

  async #branchFor(owner: DatabaseOwner, known: DatabaseRecord): Promise<NeonBranch> {
    const found = await this.#findBranch(owner, known);
    if (found !== null) return found;
    await this.#api.requireProject();
    try {
      return await this.#api.createBranch(branchNameOf(owner));
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== "name_taken") throw error;
      const made = await this.#api.findBranchNamed(branchNameOf(owner));
      if (made === null) throw error;
      return made;
    }
  }

  /** The org's branch, by what is known of it or by its name. Throws for one that is not the org's. */
  async #findBranch(owner: DatabaseOwner, known: DatabaseRecord): Promise<NeonBranch | null> {
    const { branchId } = recordSchema.safeParse(known).data ?? {};
    const branch =
      (branchId === undefined ? null : await this.#api.findBranch(branchId)) ??
      (await this.#api.findBranchNamed(branchNameOf(owner)));
    if (branch === null || (branch.name === branchNameOf(owner) && branch.default !== true)) return branch;
    throw new ProviderError("name_taken", "The branch at Neon is not the org's own; nothing is done to it.");
  }

  async #isReady(branch: NeonBranch, until: number): Promise<boolean> {
    let now: NeonBranch | null = branch;
    while (now.current_state !== "ready") {
      if (Date.now() >= until) return false;
      await pause();
      now = await this.#api.findBranch(branch.id);
      if (now === null) throw new ProviderError("unavailable", "The branch at Neon went away while it was made.");
    }
    return true;
  }

  async #isFinished(operation: string, until: number): Promise<boolean> {
    for (;;) {
      const status = await this.#api.operationStatus(operation);
      if (status === "finished" || status === "skipped") return true;
      if (!STILL.has(status)) throw new ProviderError("unavailable", `Neon could not draw a password: ${status}.`);
      if (Date.now() >= until) return false;
      await pause();
    }
  }
}

const pause = (): Promise<void> => new Promise((done) => setTimeout(done, DATABASE_LOOK_PAUSE_MS));
