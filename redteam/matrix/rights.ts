import type { Operation, Roles } from "./document.ts";

/**
 * What an operation must make of a caller.
 *
 * - `unauthenticated`: 401, whatever else is wrong.
 * - `absent`: 404, not to be told apart from an org that there is not.
 * - `forbidden`: 403 that names the capability.
 * - `other_site`: 403, for a browser was made to send it.
 * - `missing`: 404, for the thing is somebody else's.
 * - `allowed`: anything but a refusal for the rights.
 * - `open`: the same for everybody.
 */
export type Verdict = "unauthenticated" | "absent" | "forbidden" | "other_site" | "missing" | "allowed" | "open";

/** What somebody is, as far as rights go. */
export interface Standing {
  /** Role on the platform. */
  platform: string;
  /** Role in the org that is asked for; null without a part in it. */
  org: string | null;
  /** Scopes of the key; null for a session, or a key that may do everything. */
  scopes: string[] | null;
  /** Whether the key is bound to one org, and whether that is the one that is asked for. */
  bound: "here" | "elsewhere" | null;
}

const RUNS_EVERYTHING = new Set(["owner", "admin"]);

/** The verdict on somebody who is known, by the table of roles alone. */
export function verdictOn({ platform, org, scopes, bound }: Standing, operation: Operation, roles: Roles): Verdict {
  const { scope, capability } = operation;
  if (capability === null) return "open";
  const everywhere = RUNS_EVERYTHING.has(platform);
  const covered = scopes === null || scopes.some((name) => covers(name, capability, roles));
  if (scope === "platform") {
    const beyond = bound !== null && roles.beyondOneOrg.includes(capability);
    return covered && !beyond && roles.platform[platform]?.includes(capability) === true ? "allowed" : "forbidden";
  }
  if (bound === "elsewhere" || (org === null && !everywhere)) return "absent";
  const allowed = everywhere || (org !== null && roles.org[org]?.includes(capability) === true);
  return allowed && covered ? "allowed" : "forbidden";
}

function covers(scope: string, capability: string, { readScope }: Roles): boolean {
  return scope === "*" || scope === capability || (scope === "read" && readScope.includes(capability));
}
