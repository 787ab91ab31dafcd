import { PlatformError, type Issue } from "../../../contracts/errors.ts";
import { UPLOAD_ISSUES_MAX } from "../../../contracts/limits.ts";

/** A place in a file as an editor shows it: both counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/**
 * Refuses an upload. The message carries the first reason in full, `details.issues` all of them up to a bound.
 */
export function refuse(issues: readonly Issue[]): never {
  const [first] = issues;
  const others = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  throw new PlatformError("invalid", `The script was not saved: ${first === undefined ? "" : show(first)}${others}`, {
    issues: issues.slice(0, UPLOAD_ISSUES_MAX),
  });
}

/** Refuses an upload for one reason; `file` and `position` where there are such. */
export function refuseOne(reason: string, file?: string, position?: Position): never {
  refuse([{ ...(file === undefined ? {} : { file }), ...position, reason }]);
}

/** A refusal for size, in bytes. */
export function refuseSize(what: string, limitBytes: number, actualBytes: number, advice: string): never {
  const [actual, limit] = [actualBytes, limitBytes].map((bytes) => bytes.toLocaleString("en"));
  throw new PlatformError("too_large", `${what} ${actual} bytes; the limit is ${limit}. ${advice}`, {
    limitBytes,
    actualBytes,
  });
}

/** Position of an offset in a text; `\n`, `\r\n` and `\r` end lines, as in editors. */
export function positionAt(text: string, offset: number): Position {
  let line = 1;
  let lineStart = 0;
  const end = Math.min(offset, text.length);
  for (let index = 0; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code !== 10 && code !== 13) continue;
    if (code === 13 && text.charCodeAt(index + 1) === 10) {
      if (index + 1 >= end) break;
      index++;
    }
    line++;
    lineStart = index + 1;
  }
  return { line, column: end - lineStart + 1 };
}

function show(issue: Issue): string {
  if (issue.file === undefined) return issue.reason;
  const place = issue.line === undefined ? issue.file : `${issue.file}:${issue.line}:${issue.column ?? 1}`;
  return `${place} ${issue.reason}`;
}
