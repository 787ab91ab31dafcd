import type { EdgeBudget } from "./budgets.ts";
import { CONCURRENCY_PER_ORG_MAX } from "./limits.ts";
import type { ProjectedMachine } from "./machines.ts";
import type { EdgeQuotas } from "./plans.ts";
import type { Route } from "./routing/types.ts";
import type { ScriptLimits } from "./script-limits.ts";

/**
 * States of an org. `provisioning` and `starting` are those of its first machine; `failed` means that it got none;
 * `suspended` that somebody stopped it for a while.
 */
export const ORG_STATES = ["provisioning", "starting", "running", "suspended", "failed", "destroying"] as const;
export type OrgState = (typeof ORG_STATES)[number];

/** What an edge needs to know of one script to run it. */
export interface ProjectedScript {
  id: string;
  name: string;
  kind: "endpoint" | "module";
  versionId: string;
  versionNumber: number;
  /** SHA-256 (hex) of the compiled content and its bindings; part of the loader's key. */
  hash: string;
  /** What one run may use. */
  limits: ScriptLimits;
}

/** What holds for all scripts of an org. */
export interface OrgSettings {
  /** Runs at once on one edge; more are refused. */
  concurrencyMax: number;
  /** Hosts that scripts may or may not reach, each a name or `*.name`; an empty `allow` means all. */
  egress: { allow: string[]; deny: string[] };
  /** What of its plan's quotas the edges check. */
  quotas: EdgeQuotas;
  /** The budget that stops the org when it is used up; absent where there is none. */
  budget?: EdgeBudget;
}

export const DEFAULT_ORG_SETTINGS: OrgSettings = {
  concurrencyMax: CONCURRENCY_PER_ORG_MAX,
  egress: { allow: [], deny: [] },
  quotas: {},
};

/** The read copy of an org that the edge routes by. Published to KV under {@link projectionKey} by the Org object alone. */
export interface Projection {
  orgId: string;
  slug: string;
  state: OrgState;
  /** Grows with every change; an older revision never replaces a newer one. */
  revision: number;
  /** Sorted by precedence: the first that matches answers. */
  routes: Route[];
  /** By script id. */
  scripts: Record<string, ProjectedScript>;
  settings: OrgSettings;
  /** The machine that the org's requests go to; absent or null where its scripts answer. */
  machine?: ProjectedMachine | null;
}

/** What is published under a slug that an org had before it was renamed. */
export interface RedirectRecord {
  /** The slug it has now. */
  redirectTo: string;
  orgId: string;
  /** Until when, in epoch milliseconds. */
  until: number;
}

/** What a version's code refers to, found by reading it. Code that hides a reference is refused what it hides. */
export interface CodeUses {
  console: boolean;
  /** The global `fetch`, or anything through which it could be reached. */
  fetch: boolean;
  /** Anything that can make a body without a known end. */
  streams: boolean;
}

/** The compiled content of one version, as the Worker Loader takes it. */
export interface VersionCode {
  /** Path of the user's entry module among `modules`. */
  main: string;
  /** Path → JavaScript. */
  modules: Record<string, string>;
  /** Whether the code imports from `node:`; such isolates get Node's built-ins. */
  nodeCompat: boolean;
  /** Absent where nobody looked; then everything counts as used. */
  uses?: CodeUses;
}

/** Folder of the modules of an org in a version's code; no upload can name a file in it. */
export const MODULES_FOLDER = ".modules";
/** Folder of the packages that the platform brings along, likewise. */
export const PACKAGES_FOLDER = ".packages";
/** The platform's module that metered code imports, from the root of the code. */
export const METER_PATH = ".isola/meter.js";
/** The platform's module that scripts import as "isola", likewise. */
export const ISOLA_PATH = ".isola/isola.js";
/** The path by which code imports a module of its org, from the root of its own files. */
export const modulePath = (name: string): string => `${MODULES_FOLDER}/${name}.js`;

/** KV key of the projection of a slug. */
export const projectionKey = (slug: string): string => `slug:${slug}`;
/** KV key of a domain of an org's own, or of a wildcard over it; its value is a `HostRecord`. */
export const hostKey = (hostname: string): string => `host:${hostname}`;
/** KV key of a version's code; bound to the org so that two orgs never share a copy. */
export const codeKey = (orgId: string, hash: string): string => `code:${orgId}:${hash}`;
