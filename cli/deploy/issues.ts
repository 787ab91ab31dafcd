import { relative, resolve, sep } from "node:path";

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

import { ApiError } from "../../contracts/client.ts";
import type { Issue } from "../../contracts/errors.ts";
import { issuesOf } from "../framework/report.ts";
import type { Entry } from "./entry.ts";
import { frameOf } from "./frames.ts";
import type { Upload } from "./upload.ts";

/**
 * Puts the platform's reasons against an upload in terms of the files on this computer: the
 * bundle's positions go through its source map; one that leads nowhere becomes the entry file's.
 * Each comes with its line of the source, and with advice where a name was left to the platform.
 * Whatever else was thrown comes back as it is.
 */
export function localiseIssues(thrown: unknown, upload: Upload, entry: Entry, cwd: string): unknown {
  if (!(thrown instanceof ApiError)) return thrown;
  const found = issuesOf(thrown);
  if (!found.some((issue) => issue.file !== undefined)) return thrown;
  const map = upload.sourceMap === null ? null : new TraceMap(upload.sourceMap);
  const local = (file: string): string => relative(cwd, resolve(entry.root, file)).split(sep).join("/");
  const located = found.map((issue): Located => {
    if (issue.file === undefined) return { issue, sourceLine: null };
    if (map === null || issue.file !== upload.main) {
      const sourceLine = lineOf(upload.files[issue.file], issue.line);
      return { issue: { ...issue, file: local(issue.file) }, sourceLine };
    }
    const place = issue.line === undefined ? null : placeIn(map, issue.line, issue.column ?? 1);
    if (place === null) return { issue: { file: local(entry.file), reason: issue.reason }, sourceLine: null };
    const { file, line, column, text } = place;
    return { issue: { file: local(file), line, column, reason: issue.reason }, sourceLine: lineOf(text, line) };
  });
  const issues = located.map(({ issue }) => issue);
  const frames = located.map(({ issue, sourceLine }) => frameOf(issue, sourceLine)).join("\n");
  const { status, code, details, requestId } = thrown;
  const hint = adviceOn(upload.external, issues);
  // The platform's own message names a place in what was uploaded.
  const message = "Nothing was deployed: the platform does not take this code.";
  const localised = { ...details, issues, frames, ...(hint === null ? {} : { hint }) };
  return new ApiError(status, { code, message, details: localised, requestId });
}

interface Located {
  issue: Issue;
  sourceLine: string | null;
}

function placeIn(map: TraceMap, line: number, column: number) {
  const place = originalPositionFor(map, { line, column: Math.max(0, column - 1) });
  if (place.source === null) return null;
  const text = map.sourcesContent?.[map.sources.indexOf(place.source)] ?? undefined;
  return { file: place.source, line: place.line, column: place.column + 1, text };
}

const lineOf = (text: string | undefined, line: number | undefined): string | null =>
  line === undefined ? null : (text?.split(/\r?\n/)[line - 1] ?? null);

/** What helps when a name was found neither here nor by the platform. */
function adviceOn(external: readonly string[], issues: readonly Issue[]): string | null {
  const names = external.filter((name) => issues.some(({ reason }) => reason.includes(JSON.stringify(name))));
  const [first] = names;
  if (first === undefined) return null;
  const packages = [...new Set(names.map((name) => name.split("/", 1)[0] ?? name))];
  return (
    `${packages.join(", ")}: not installed here. Run \`npm install ${packages.join(" ")}\` in the folder of your code, ` +
    `or make it a module of the org: \`isola deploy <file> --name ${packages[0] ?? first} --kind module\`.`
  );
}
