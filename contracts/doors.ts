import type { EdgeBudget } from "./budgets.ts";
import type { ExecutionRecord, LogBatch, LogLine, RecordedBody, Trigger } from "./execution.ts";
import type { CollectionsDoor } from "./data/collections.ts";
import type { DocsDoor } from "./data/docs.ts";
import type { KvDoor } from "./data/kv.ts";
import type { ToolsDoor } from "./data/tools.ts";
import type { EventsDoor, TriggersDoor } from "./events/delivery.ts";
import type { DeliverRequest, DeliverResult } from "./events/dispatch.ts";
import type { TriggerKind } from "./events/trigger.ts";
import type { HostRecord } from "./domains.ts";
import type { HandOverDoor } from "./hand-over.ts";
import type { ProjectedMachine, ProvisionProgress } from "./machines.ts";
import type { Page, PageRequest } from "./page.ts";
import type { OrgCounts, Quotas } from "./plans.ts";
import type { OrgSettings, OrgState, Projection, VersionCode } from "./projection.ts";
import type { HostKind, PathKind, Route, RouteDispatch } from "./routing/types.ts";
import type { ScriptLimits, SomeScriptLimits } from "./script-limits.ts";
import type { SecretsDoor } from "./secrets.ts";
import type { Appended, UsageBatch, UsageDoor } from "./usage.ts";

export type { Page, PageRequest } from "./page.ts";

/**
 * The three doors: how the Workers reach each other. Every org id in these signatures comes from
 * the directory or from the caller's checked rights, never from a request.
 */

/** What holds for all scripts of an org, with the most that any of them may ask for. */
export interface StoredSettings extends Omit<OrgSettings, "quotas"> {
  ceilings: SomeScriptLimits;
  /** All that its plan bounds. */
  quotas: Quotas;
}

/** What of it shall change; each that is named replaces the one before. */
export interface SettingsPatch {
  egress?: { allow?: string[] | undefined; deny?: string[] | undefined } | undefined;
  concurrencyMax?: number | undefined;
  ceilings?: SomeScriptLimits | undefined;
  /** All of them, as they shall hold from now on. */
  quotas?: Quotas | undefined;
  /** The budget that the edges hold the org to; null for none. */
  budget?: EdgeBudget | null | undefined;
}

/** Who did something, as it is written down beside what was done. */
export interface Actor {
  type: "user" | "key" | "platform";
  id: string;
  name: string;
}

/** A script without its source. */
export interface ScriptSummary {
  id: string;
  name: string;
  kind: "endpoint" | "module";
  description: string;
  live: VersionSummary;
  limits: ScriptLimits;
  /** Names of the modules that its live version imports. */
  imports: string[];
  /** Names of the scripts whose live versions import it. */
  usedBy: string[];
  createdAt: number;
  updatedAt: number;
}

/** A version without its source. */
export interface VersionSummary {
  id: string;
  number: number;
  /** SHA-256 (hex) of the compiled content. */
  hash: string;
  sizeBytes: number;
  message: string;
  author: Actor;
  createdAt: number;
  live: boolean;
  /** When it was last made live, and by whom; null for a version that is not. */
  liveSince: number | null;
  liveBy: Actor | null;
}

/** What a version takes from a module of its org. */
export interface ModuleImport {
  /** Name of the module script. */
  module: string;
  names: string[];
}

/** What a version of a module gives to those that import it. */
export interface ModuleExports {
  names: string[];
  /** Modules of the org whose names it passes on by `export *`. */
  stars: string[];
  /** Whether it passes on what nobody here can list. */
  open: boolean;
}

/** A version's files as they were uploaded. */
export interface VersionFiles {
  version: VersionSummary;
  main: string;
  files: Record<string, string>;
}

/** A version by its id, or as a stack names one of a module. */
export type VersionName = { id: string } | { script: string; number: number };

/** Entry file and source map (JSON) of a version; no map where the lines are the user's own. */
export interface VersionSource {
  main: string;
  map: string | null;
}

/** What the control plane hands over after it has checked and compiled an upload. */
export interface VersionInput {
  name: string;
  kind: "endpoint" | "module";
  description: string | null;
  message: string;
  /** Changes to the script's limits; those that are not named stay. */
  limits: SomeScriptLimits;
  /** The files as uploaded, for reading back. */
  files: Record<string, string>;
  /** The version's own code, in which a module of the org is named by `modulePath`. */
  code: VersionCode;
  imports: ModuleImport[];
  /** Null for a script that is no module. */
  exports: ModuleExports | null;
  /** Source map (JSON) of `code.main`, or null where the lines are the user's own. */
  sourceMap: string | null;
  hash: string;
  sizeBytes: number;
  /** `create` refuses an existing name, `replace` makes or replaces. */
  mode: "create" | "replace";
}

export interface RouteInput {
  scriptId: string;
  method: string;
  host: string | null;
  hostKind: HostKind;
  path: string;
  pathKind: PathKind;
  /** Sync where nothing is said. */
  dispatch?: RouteDispatch | undefined;
}

/** Which executions are meant; null means any. */
export interface ExecutionFilter {
  scriptId: string | null;
  /** An outcome, an HTTP status such as 404, or a class of them such as `4xx`. */
  status: string | null;
  trigger: Trigger | null;
  executionId: string | null;
  /** Begun at this time or later, and at this time or earlier; epoch milliseconds. */
  since: number | null;
  until: number | null;
  /** Occurs in the path, the error, or a console line, in whatever case. */
  text: string | null;
}

/** An execution with its console lines. */
export interface ExecutionDetail extends ExecutionRecord {
  lines: LogLine[];
}

/** One thing that a live tail tells, a line of JSON each. */
export type TailEvent =
  | { type: "execution"; execution: ExecutionDetail }
  /** More console lines of an execution that was told before. */
  | { type: "lines"; executionId: string; versionId: string; lines: LogLine[] }
  /** The reader was slow, or there was too much at once: so many executions were left out. */
  | { type: "missed"; count: number }
  /** Nothing happened for a while. */
  | { type: "ping" };

/**
 * The door to all tenant state, served by `durable-objects`. Refusals are `PlatformError`s by code.
 * Methods marked safe may be retried once by the caller; the others must not be.
 */
export interface StateDoor
  extends KvDoor, DocsDoor, CollectionsDoor, ToolsDoor, SecretsDoor, TriggersDoor, EventsDoor, UsageDoor {
  /** Makes the org's object known under its slug, in this state (`running` where nothing is said); one that is known keeps both; safe. */
  openOrg(orgId: string, slug: string, state?: OrgState): Promise<void>;
  /** The projection as the object has it now; safe. Null when the org was destroyed or never opened. */
  projection(orgId: string): Promise<Projection | null>;
  /**
   * The compiled code of a version with all modules it depends on; safe. Null where there is none, or
   * none under this hash any more: what a live version is linked with changes with its modules.
   */
  versionCode(orgId: string, versionId: string, hash?: string): Promise<VersionCode | null>;
  /** Sets what the org's hosts answer, and publishes that; safe. */
  setOrgState(orgId: string, state: OrgState): Promise<void>;
  /** Sets the machine that the org's requests go to, or null for its scripts, and publishes that; safe. */
  setMachine(orgId: string, machine: ProjectedMachine | null): Promise<void>;
  /** Sets the org's own domains, all of them, and publishes that; safe. */
  setDomains(orgId: string, domains: Pick<HostRecord, "hostname" | "label">[]): Promise<void>;
  /**
   * Gives the org another slug and has the one before lead to it until `redirectUntil` (epoch milliseconds); safe.
   * A slug it takes back leads nowhere any more.
   */
  renameOrg(orgId: string, slug: string, redirectUntil: number): Promise<void>;
  /** What holds for all scripts of the org; null when it was destroyed or never opened; safe. */
  findSettings(orgId: string): Promise<StoredSettings | null>;
  /** Changes that, and publishes it; safe. */
  changeSettings(orgId: string, patch: SettingsPatch): Promise<{ before: StoredSettings; after: StoredSettings }>;
  /** How much the org has of what a plan bounds; nothing of anything where it was destroyed or never opened; safe. */
  orgCounts(orgId: string): Promise<OrgCounts>;
  /** Removes everything the org has: scripts, routes, code and projection in KV, executions; safe. */
  destroyOrg(orgId: string): Promise<void>;

  saveScript(orgId: string, actor: Actor, input: VersionInput): Promise<{ script: ScriptSummary; created: boolean }>;
  listScripts(orgId: string, page: PageRequest): Promise<Page<ScriptSummary>>;
  /** By id or by name; safe. */
  findScript(orgId: string, idOrName: string): Promise<ScriptSummary | null>;
  patchScript(
    orgId: string,
    idOrName: string,
    patch: { description?: string | undefined; limits?: SomeScriptLimits | undefined },
  ): Promise<ScriptSummary>;
  /** Removes the script with its versions and routes; safe. False when there was none. */
  deleteScript(orgId: string, idOrName: string): Promise<boolean>;
  listVersions(orgId: string, idOrName: string, page: PageRequest): Promise<Page<VersionSummary>>;
  /** The files as uploaded; `version` is a number or an id, null for the live one; safe. */
  versionFiles(orgId: string, idOrName: string, version: string | null): Promise<VersionFiles | null>;
  /**
   * Two versions to compare, by number or id; safe. `to` null is the live one, `from` null the newest kept one
   * before it, and null in the answer where there is none. Throws `not_found` for what is named and not there.
   */
  versionPair(
    orgId: string,
    idOrName: string,
    from: string | null,
    to: string | null,
  ): Promise<{ from: VersionFiles | null; to: VersionFiles }>;
  /** What reads the frames of a version's stacks, by its id or by the script's name and the version's number; safe. */
  versionSource(orgId: string, version: VersionName): Promise<VersionSource | null>;
  rollBack(orgId: string, actor: Actor, idOrName: string, version: string): Promise<ScriptSummary>;

  createRoute(orgId: string, input: RouteInput): Promise<Route>;
  listRoutes(orgId: string): Promise<Route[]>;
  deleteRoute(orgId: string, routeId: string): Promise<boolean>;

  /**
   * Appends what an edge saw, and counts what it counted, for several orgs at once; safe: a record that is there already
   * is ignored, and so is a batch that was counted.
   */
  appendLog(batches: LogBatch[], usage: UsageBatch[]): Promise<Appended>;
  listExecutions(orgId: string, filter: ExecutionFilter, page: PageRequest): Promise<Page<ExecutionDetail>>;
  findExecution(orgId: string, executionId: string): Promise<ExecutionDetail | null>;
  /**
   * What runs from now on, as lines of JSON ({@link TailEvent}) until the reader goes or the tail's time
   * is over. Throws `too_many_requests` when the org has as many tails as it may.
   */
  tailExecutions(orgId: string, filter: ExecutionFilter): Promise<ReadableStream<Uint8Array>>;

  /** Proves that an object can be reached and its storage read, or that KV can be; safe. */
  ping(part: "objects" | "kv"): Promise<void>;
}

/** The door to the directory of hosts, served by `control-plane`. */
export interface DirectoryDoor extends HandOverDoor {
  /** The org behind a slug, or behind one that it had before; null when there is none. Safe. */
  findOrg(slug: string): Promise<{ orgId: string; slug: string; state: OrgState } | null>;
  /** The most specific active claim over a host name; null when nobody has one. Safe. */
  findDomain(hostname: string): Promise<HostRecord | null>;
  /** How far an org's machine is on its way; null when it is not on any. Safe. */
  provisionProgress(orgId: string): Promise<ProvisionProgress | null>;
  /** Has a stopped machine started, and answers at once with the state it is in; safe. */
  wakeMachine(orgId: string): Promise<ProjectedMachine | null>;
}

/** A request for a script that did not come over a tenant's host. */
export interface InvokeRequest {
  orgId: string;
  slug: string;
  scriptId: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
  /** How the body is written; UTF-8 where nothing is said. */
  bodyEncoding?: RecordedBody["encoding"];
  /** The execution whose input this is. */
  replayOf?: string | null;
  /** Kind of the event that the body is, as JSON, for the script's handler of events; null or nothing for a request. */
  event?: TriggerKind | null;
}

export interface InvokeResponse {
  executionId: string;
  status: number;
  headers: Record<string, string>;
  body: string;
  bodyEncoding: "utf8" | "base64";
  /** True when the body was longer than the platform carries back and was cut. */
  truncated: boolean;
  durationMs: number;
  lines: LogLine[];
  error: ExecutionRecord["error"];
}

/** The door to the isolates, served by `router`. */
export interface DispatchDoor {
  /** Runs a script for an event, or for a request that nobody waits for. */
  deliver(request: DeliverRequest): Promise<DeliverResult>;
  invoke(request: InvokeRequest): Promise<InvokeResponse>;
  /** Look this slug up now, for a run of it is to come soon and shall not wait for that. Safe. */
  warm(slug: string): Promise<void>;
  /** Forget what is remembered of this slug; the next request reads it anew. Safe. */
  forget(slug: string): Promise<void>;
  /** Forget what is remembered of a domain (`shop.example.com` or `*.example.com`) and of every host under it. Safe. */
  forgetDomain(hostname: string): Promise<void>;
}
