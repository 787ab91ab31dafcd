import { relative, resolve, sep } from "node:path";

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

import { ApiError } from "../../contracts/client.ts";
import { issuesOf } from "../framework/report.ts";
import type { Entry } from "./entry.ts";
import type { Upload } from "./upload.ts";

/**
 * Puts the platform's reasons against an upload in terms of the files on this computer: the
 * bundle's positions go through its source map; one that leads nowhere becomes the entry file's.
 * Whatever else was thrown comes back as it is.
 */
export function localiseIssues(thrown: unknown, upload: Upload, entry: Entry, cwd: string): unknown {
  if (!(thrown instanceof ApiError)) return thrown;
  const found = issuesOf(thrown);
  if (!found.some((issue) => issue.file !== undefined)) return thrown;
  const map = upload.sourceMap === null ? null : new TraceMap(upload.sourceMap);
  const local = (file: string): string => relative(cwd, resolve(entry.root, file)).split(sep).join("/");
  const issues = found.map((issue) => {
    if (issue.file === undefined) return issue;
    if (map === null || issue.file !== upload.main) return { ...issue, file: local(issue.file) };
    const place = issue.line === undefined ? null : placeIn(map, issue.line, issue.column ?? 1);
    return place === null
      ? { file: local(entry.file), reason: issue.reason }
      : { ...place, file: local(place.file), reason: issue.reason };
  });
  const { status, code, details, requestId } = thrown;
  // The platform's own message names a place in what was uploaded.
  const message = "Nothing was deployed: the platform does not take this code.";
  return new ApiError(status, { code, message, details: { ...details, issues }, requestId });
}

function placeIn(map: TraceMap, line: number, column: number): { file: string; line: number; column: number } | null {
  const place = originalPositionFor(map, { line, column: Math.max(0, column - 1) });
  return place.source === null ? null : { file: place.source, line: place.line, column: place.column + 1 };
}
