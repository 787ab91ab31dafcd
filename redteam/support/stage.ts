import { randomBytes } from "node:crypto";

import { SCRIPT_LIMITS, type SomeScriptLimits } from "../../contracts/script-limits.ts";
import type { Answer, RequestOptions } from "../../test/support/request.ts";
import { startPlatform, type Platform } from "../../test/support/platform.ts";
import { startCanary, type Canary } from "./canary.ts";
import { probeSource, readProbe, type Tried } from "./probe.ts";
import { vaultSource } from "./vault.ts";

/** The log of an edge is delivered in steps; after this long everything has arrived, in milliseconds. */
const LOG_ARRIVES_MS = 600;

/** How long an edge may take to learn of a new script when the computer is busy, in milliseconds. */
const LEARN_MS = 5_000;

/** An org on the stage. */
export interface Tenant {
  slug: string;
  host: string;
  orgId: string;
  /** A key that is bound to this org. */
  token: string;
  /** What nobody else may learn; every answer of its own script holds it. */
  secret: string;
}

/** An execution as the API shows it, as far as judges look at it. */
export interface Execution {
  id: string;
  script: { id: string; name: string };
  path: string;
  status: number;
  outcome: string;
  error: { name: string; message: string; stack: string } | null;
  lines: { at: number; level: string; text: string }[];
}

interface ApiAnswer {
  status: number;
  text: string;
  json: Record<string, unknown>;
}

/** A platform with three orgs on it: one that attacks, one that is attacked, and one that minds its own business. */
export interface Stage {
  platform: Platform;
  canary: Canary;
  attacker: Tenant;
  victim: Tenant;
  bystander: Tenant;
  /** Stands in the environment of the platform's processes and nowhere else. */
  mark: string;
  /** A text that was not used before. */
  nonce(): string;
  /** Calls the control plane. */
  api(token: string, method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** Uploads a script and throws when it is refused. */
  deploy(tenant: Tenant, name: string, upload: string | Upload): Promise<void>;
  /** Runs a script by name, whatever the routes say. */
  run(tenant: Tenant, name: string, path?: string, options?: RequestOptions): Promise<Answer>;
  /** Deploys a script of the attacker's that tries expressions, and returns what came of each. */
  probe(expressions: Record<string, string>, imports?: string, top?: string): Promise<Map<string, Tried>>;
  /** What an org's log holds by now, newest first. */
  executions(tenant: Tenant, filter?: string): Promise<Execution[]>;
  dispose(): Promise<void>;
}

interface Upload {
  limits?: SomeScriptLimits;
  files: Record<string, string>;
  main?: string;
}

/** Starts a platform of its own with the three orgs. */
export async function startStage(): Promise<Stage> {
  const mark = `mark-${randomBytes(12).toString("hex")}`;
  const canary = await startCanary();
  const platform = await startPlatform({ env: { ISOLA_REDTEAM_MARK: mark } });
  const deployed = new Set<string>();
  let made = 0;
  const nonce = (): string => `n${(made += 1)}-${randomBytes(6).toString("hex")}`;

  const api: Stage["api"] = async (token, method, path, body) => {
    const answer = await platform.fetch("app.localhost", `/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: answer.text, json: parsed(answer.text) };
  };
  const must = async (token: string, method: string, path: string, body?: unknown): Promise<ApiAnswer> => {
    const answer = await api(token, method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer;
  };
  const deploy: Stage["deploy"] = async (tenant, name, upload) => {
    const body = typeof upload === "string" ? { files: { "index.js": upload } } : upload;
    // What is tried here is not whether a budget ends it, and the computer may be busy with other things.
    const limits = { cpuMs: SCRIPT_LIMITS.cpuMs.max };
    await must(tenant.token, "PUT", `/orgs/${tenant.slug}/scripts/${name}`, { limits, ...body });
    deployed.add(`${tenant.slug}/${name}`);
  };
  const run: Stage["run"] = async (tenant, name, path = "/", options = {}) => {
    const deadline = performance.now() + LEARN_MS;
    for (;;) {
      const target = `/.isola/v1/execute/${name}${path}`;
      const answer = await platform.fetch(tenant.host, target, { method: "POST", body: "", ...options });
      const unknown = answer.status === 404 && answer.text.includes("no such endpoint script");
      if (!unknown || !deployed.has(`${tenant.slug}/${name}`) || performance.now() > deadline) return answer;
    }
  };

  const owner = await platform.token();
  const found = async (slug: string): Promise<Tenant> => {
    const org = (await must(owner, "POST", "/orgs", { slug })).json as { id: string };
    const key = (await must(owner, "POST", "/keys", { name: slug, org: slug })).json as { key: string };
    const tenant = { slug, host: `${slug}.localhost`, orgId: org.id, token: key.key, secret: `${slug}-${nonce()}` };
    await deploy(tenant, "vault", vaultSource(slug, tenant.secret));
    await must(tenant.token, "POST", `/orgs/${slug}/routes`, { path: "/*", script: "vault" });
    return tenant;
  };
  const attacker = await found("attacker");

  return {
    platform,
    canary,
    attacker,
    victim: await found("victim"),
    bystander: await found("bystander"),
    mark,
    nonce,
    api,
    deploy,
    run,
    probe: async (expressions, imports, top) => {
      const name = nonce();
      await deploy(attacker, name, probeSource(expressions, imports, top));
      const answer = await run(attacker, name);
      return readProbe(answer.status, answer.text);
    },
    executions: async (tenant, filter = "") => {
      await new Promise((done) => setTimeout(done, LOG_ARRIVES_MS));
      const path = `/orgs/${tenant.slug}/executions?limit=100${filter}`;
      return (await must(tenant.token, "GET", path)).json["items"] as Execution[];
    },
    dispose: async () => {
      await platform.dispose();
      await canary.close();
    },
  };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
