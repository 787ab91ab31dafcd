import { env, SELF } from "cloudflare:test";

import type { HostRecord } from "../../../contracts/domains.ts";
import { newId } from "../../../contracts/ids.ts";
import type { UsageBatch, UsageStanding } from "../../../contracts/usage.ts";
import type { LogBatch } from "../../../contracts/execution.ts";
import type { ProjectedMachine } from "../../../contracts/machines.ts";
import {
  DEFAULT_ORG_SETTINGS,
  type Projection,
  type ProjectedScript,
  type VersionCode,
} from "../../../contracts/projection.ts";
import {
  parseRoute,
  sortByPrecedence,
  splitRoutePattern,
  type Route,
  type RouteDispatch,
} from "../../../contracts/routing/index.ts";
import { effectiveLimits, type SomeScriptLimits } from "../../../contracts/script-limits.ts";
import type { RouterEnv } from "../env.ts";
import { hostsOf } from "../hosts.ts";

/** The tests' hand on the state process in memory (`authority.js`). */
interface Authority {
  setOrg(projection: Projection): Promise<void>;
  removeOrg(slug: string): Promise<void>;
  setDomain(hostname: string, record: HostRecord | null): Promise<void>;
  projection(orgId: string): Promise<Projection | null>;
  setRenamed(before: string, slug: string): Promise<void>;
  setCode(orgId: string, versionId: string, code: VersionCode): Promise<void>;
  setFailing(names: string[]): Promise<void>;
  callsOf(name: string): Promise<number>;
  takeLog(): Promise<LogBatch[]>;
  takeUsage(): Promise<UsageBatch[]>;
  setStanding(standing: UsageStanding): Promise<void>;
  /** What a method of the state answers from now on, one a call; the last stays. */
  setAnswers(name: string, answers: ({ value: unknown } | { refusal: object })[]): Promise<void>;
  /** The arguments of its calls since the last look. */
  takeAsked(name: string): Promise<unknown[][]>;
}

export const authority = (env as unknown as { STATE: Authority }).STATE;

let count = 0;

/** An org of a test's own, with scripts that the test writes. */
export class Tenant {
  readonly slug = `tenant-${++count}`;
  readonly orgId = newId("org");
  #routes: Route[] = [];
  #scripts: Record<string, ProjectedScript> = {};
  #revision = 0;

  /** Deploys source under a name and routes (default: one script at `/*`); answers the script as projected. */
  async deploy(
    source: string | Record<string, string>,
    options: {
      name?: string;
      routes?: string[];
      /** How its routes are run. */
      dispatch?: RouteDispatch;
      wallClockMs?: number;
      limits?: SomeScriptLimits;
      kind?: "endpoint" | "module";
      nodeCompat?: boolean;
      /** False: the edge is not told. */
      forget?: boolean;
    } = {},
  ): Promise<ProjectedScript> {
    const modules = typeof source === "string" ? { "index.js": source } : source;
    const script: ProjectedScript = {
      id: newId("script"),
      name: options.name ?? "main",
      kind: options.kind ?? "endpoint",
      versionId: newId("version"),
      versionNumber: 1,
      hash: newId("version"),
      limits: effectiveLimits({ wallClockMs: options.wallClockMs ?? 5_000, ...options.limits }),
    };
    const main = Object.keys(modules)[0] ?? "index.js";
    await authority.setCode(this.orgId, script.versionId, { main, modules, nodeCompat: options.nodeCompat ?? false });
    for (const [id, existing] of Object.entries(this.#scripts)) {
      if (existing.name !== script.name) continue;
      delete this.#scripts[id];
      this.#routes = this.#routes.filter((route) => route.scriptId !== id);
    }
    this.#scripts[script.id] = script;
    for (const pattern of options.routes ?? ["/*"]) {
      this.#routes.push({ ...routeOf(pattern, script.id), ...(options.dispatch && { dispatch: options.dispatch }) });
    }
    await this.publish("running", options.forget);
    return script;
  }

  /** Change it, then publish. */
  settings = structuredClone(DEFAULT_ORG_SETTINGS);

  /** Likewise. */
  machine: ProjectedMachine | null = null;

  async publish(state: Projection["state"] = "running", forget = true): Promise<void> {
    await authority.setOrg({
      orgId: this.orgId,
      slug: this.slug,
      state,
      revision: ++this.#revision,
      routes: sortByPrecedence(this.#routes),
      scripts: this.#scripts,
      settings: this.settings,
      machine: this.machine,
    });
    if (forget) hostsOf(env as unknown as RouterEnv).forget(this.slug);
  }

  get host(): string {
    return `${this.slug}.localhost`;
  }

  /** Sends a request to the org's host. */
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return SELF.fetch(`http://${this.host}${path}`, { redirect: "manual", ...init });
  }

  get(path: string): Promise<Response> {
    return this.fetch(path);
  }
}

/** A fresh org that is running and has no scripts. */
export async function newTenant(): Promise<Tenant> {
  const tenant = new Tenant();
  await tenant.publish();
  return tenant;
}

function routeOf(pattern: string, scriptId: string): Route {
  const parsed = parseRoute(splitRoutePattern(pattern));
  if (!parsed.ok) throw new Error(`${pattern}: ${parsed.reason}`);
  const { hostKind: _, ...route } = parsed.route;
  return { id: newId("route"), scriptId, ...route };
}
