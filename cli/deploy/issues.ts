import { relative, resolve, sep } from "node:path";

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

import { type Issue, platformErrorOf } from "../../contracts/errors.ts";
import { issuesOf } from "../framework/report.ts";
import type { Entry } from "./entry.ts";
import type { Upload } from "./upload.ts";

/**
 * Puts the platform's reasons against an upload in terms of the files on this computer: the
 * bundle's positions go through its source map. The error stays the same object.
 */
export function localiseIssues(thrown: unknown, upload: Upload, { root }: Entry, cwd: string): unknown {
  const error = platformErrorOf(thrown);
  if (error === null) return thrown;
  const issues = issuesOf(error);
  if (issues.length === 0) return thrown;
  const map = upload.sourceMap === null ? null : new TraceMap(upload.sourceMap);
  const local = (file: string): string => relative(cwd, resolve(root, file)).split(sep).join("/");
  error.details.issues = issues.map((issue) => localise(issue, upload, map, local));
  return error;
}

function localise(issue: Issue, upload: Upload, map: TraceMap | null, local: (file: string) => string): Issue {
  if (issue.file === undefined) return issue;
  if (map === null) return { ...issue, file: local(issue.file) };
  if (issue.file !== upload.main || issue.line === undefined) return issue;
  const place = originalPositionFor(map, { line: issue.line, column: Math.max(0, (issue.column ?? 1) - 1) });
  if (place.source === null) return issue;
  return { ...issue, file: local(place.source), line: place.line, column: place.column + 1 };
}
