import { UsageError } from "../framework/usage.ts";
import { durationMs } from "./duration.ts";

/** What an audit log is filtered by. */
export const AUDIT_OPTIONS = {
  org: { type: "string", value: "slug", about: "the log of this org (default ISOLA_ORG)" },
  platform: { type: "boolean", about: "the whole platform's instead; for its admins" },
  actor: { type: "string", value: "who", about: "id or name of who did it" },
  action: { type: "string", value: "action", about: "what was done, such as org.create, or how that begins: org." },
  target: { type: "string", value: "what", about: "id or name of what was acted on" },
  request: { type: "string", value: "id", about: "the request that did it" },
  from: {
    type: "string",
    value: "time",
    about: "from this time on: 2026-11-21, 2026-11-21T10:00Z, or 2d for so long ago",
  },
  to: { type: "string", value: "time", about: "before this time, in the same ways" },
} as const;

interface AuditOptions {
  org: string | undefined;
  platform: boolean;
  actor: string | undefined;
  action: string | undefined;
  target: string | undefined;
  request: string | undefined;
  from: string | undefined;
  to: string | undefined;
}

/** The filter that the options stand for. Throws a `UsageError` for a time that is none. */
export function auditFilter({ actor, action, target, request, from, to }: AuditOptions, command: string) {
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(target === undefined ? {} : { target }),
    ...(request === undefined ? {} : { requestId: request }),
    ...(from === undefined ? {} : { from: timeOf(from, "from", command) }),
    ...(to === undefined ? {} : { to: timeOf(to, "to", command) }),
  };
}

/** A point in time, or how long ago, in epoch milliseconds. Throws a `UsageError` that names the option. */
export function timeOf(text: string, option: string, command: string): number {
  if (/^[0-9]{1,7}(ms|[smhd])$/.test(text)) return Date.now() - durationMs(text, option, command);
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new UsageError(`--${option} must be such as 2026-11-21, 2026-11-21T10:00Z or 2d, not "${text}".`, command);
}
