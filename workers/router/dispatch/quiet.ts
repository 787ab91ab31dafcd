import type { ProjectedScript } from "../../../contracts/projection.ts";
import { QUIET_HEADER } from "./run-facts.ts";

/** Versions remembered at once. */
const VERSIONS_MAX = 10_000;

/** What isolates have said of themselves, by version id: a script that lies harms the attribution of its own log. */
const versions = new Map<string, boolean>();

/** Whether a version has no use for the facts of a run; null while nobody has asked it. */
export function isQuiet(script: Pick<ProjectedScript, "versionId">): boolean | null {
  return versions.get(script.versionId) ?? null;
}

/** Remembers what the first answer of a version says of it, and hands on the answer without that. */
export function learnQuiet(script: Pick<ProjectedScript, "versionId">, response: Response): Response {
  const quiet = response.headers.has(QUIET_HEADER);
  // An answer that cannot be copied says nothing either way.
  if (response.webSocket !== null) return response;
  if (versions.size >= VERSIONS_MAX) versions.clear();
  versions.set(script.versionId, quiet);
  if (!quiet) return response;
  const headers = new Headers(response.headers);
  headers.delete(QUIET_HEADER);
  const { body, status, statusText } = response;
  return new Response(body, { status, statusText, headers, encodeBody: "manual" });
}
