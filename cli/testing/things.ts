import type { z } from "zod";

import type { triggerDetailSchema } from "../../contracts/api/triggers.ts";
import { DEFAULT_RETRY } from "../../contracts/events/retry.ts";
import type { RecordedMessage } from "../../contracts/execution.ts";
import { newId } from "../../contracts/ids.ts";
import { hostKindOf, parseRoute } from "../../contracts/routing/index.ts";
import { effectiveLimits } from "../../contracts/script-limits.ts";
import type { Org } from "../session/org.ts";
import type { ApiRoute } from "../session/route-text.ts";

/** A moment to date things with. */
export const AT = Date.UTC(2026, 10, 21, 10, 54, 3);

export const anOrg = (slug: string): Org => ({
  id: newId("org"),
  slug,
  name: slug,
  driver: "isolate",
  state: "running",
  suspended: null,
  url: `http://${slug}.localhost:8787`,
  role: "owner",
  createdAt: AT,
});

/** An org with all that its own page shows. */
export const anOrgInFull = (slug: string) => ({
  ...anOrg(slug),
  settings: null,
  plan: "default",
  quotas: {},
  ownQuotas: {},
});

export const aKey = (name: string) => ({
  id: newId("key"),
  name,
  prefix: "isola_abc",
  scopes: ["*" as const],
  org: null,
  requestsPerMinute: null as number | null,
  createdAt: AT,
  expiresAt: null,
  lastUsedAt: null,
});

export const aVersion = (number: number, sizeBytes = 1234) => ({
  id: newId("version"),
  number,
  hash: "0".repeat(64),
  sizeBytes,
  message: "",
  author: { type: "user" as const, id: newId("user"), name: "Ada" },
  createdAt: AT,
  live: true,
  liveSince: AT,
  liveBy: { type: "user" as const, id: newId("user"), name: "Ada" },
});

export const aScript = (name: string, number = 1, sizeBytes = 1234) => ({
  id: newId("script"),
  name,
  kind: "endpoint" as const,
  description: "",
  limits: effectiveLimits({}),
  live: aVersion(number, sizeBytes),
  executeUrl: `http://hello.localhost:8787/.isola/v1/execute/${name}`,
  createdAt: AT,
  updatedAt: AT,
});

/** A route as the API shows it, from a method, a host or null, and a path. */
export function aRoute(script: string, method: string, path: string, host: string | null = null): ApiRoute {
  const parsed = parseRoute({ method, host, path });
  if (!parsed.ok) throw new Error(`${parsed.field} ${parsed.reason}`);
  const { pathKind } = parsed.route;
  return {
    id: newId("route"),
    script: { id: newId("script"), name: script },
    method,
    host,
    hostKind: hostKindOf(host),
    path,
    pathKind,
    dispatch: "sync",
  };
}

export const anExecution = (path: string) => ({
  id: newId("execution"),
  script: { id: newId("script"), name: "hello" },
  version: { id: newId("version"), number: 2 },
  trigger: "http" as "http" | "execute" | "invoke",
  method: "GET",
  path,
  status: 200,
  outcome: "ok" as "ok" | "error" | "timeout" | "over_budget",
  startedAt: AT,
  durationMs: 1.25,
  cpuMs: null as number | null,
  brokenLimit: null,
  depth: 0,
  parentId: null,
  replayOf: null,
  deliveryId: null,
  attempt: null,
  request: null as RecordedMessage | null,
  response: null as RecordedMessage | null,
  error: null as { name: string; message: string; stack: string } | null,
  lines: [] as { at: number; level: "debug" | "info" | "log" | "warn" | "error"; text: string }[],
});

/** A key of kv as the API shows it. */
export const anEntry = (key: string, value: unknown, version = 1) => ({
  key,
  value,
  version,
  updatedAt: AT,
  expiresAt: null as number | null,
});

/** A document as the API shows it. */
export const aDoc = (id: string, fields: object, version = 1) => ({
  id,
  value: { id, ...fields },
  version,
  createdAt: AT,
  updatedAt: AT,
});

type ApiTrigger = z.input<typeof triggerDetailSchema>;

/** A trigger as the API shows it. */
export const aTrigger = (name: string, source: ApiTrigger["source"]): ApiTrigger => ({
  id: newId("trigger"),
  name,
  script: { id: newId("script"), name: "worker" },
  state: "active",
  source,
  retry: DEFAULT_RETRY,
  url: null,
  createdAt: AT,
  updatedAt: AT,
  backlog: { waiting: 0, held: 0, dead: 0 },
  nextAt: null,
});
