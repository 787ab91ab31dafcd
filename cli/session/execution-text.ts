import type { z } from "zod";

import type { executionErrorSchema, executionSchema, logLineSchema } from "../../contracts/api/executions.ts";
import type { RecordedBody } from "../../contracts/execution.ts";
import { clean, columns, formatTime, oneLine, type Paint } from "../framework/text.ts";

type Execution = z.output<typeof executionSchema>;
type LogLine = z.output<typeof logLineSchema>;
type ExecutionError = z.output<typeof executionErrorSchema>;

const INDENT = "    ";

/** An execution with its console lines and its error, for reading. */
export function executionText(execution: Execution, paint: Paint): string {
  const bad = execution.outcome !== "ok" || execution.status >= 500;
  const limit = execution.brokenLimit === null ? "" : ` (${execution.brokenLimit})`;
  const outcome = execution.outcome === "ok" ? "" : ` ${execution.outcome}${limit}`;
  const status = paint(bad ? "red" : execution.status >= 400 ? "yellow" : "green", `${execution.status}${outcome}`);
  const request = oneLine(`${execution.method} ${execution.path}`);
  const by = oneLine(`${execution.script.name} v${execution.version.number}`);
  const origin = execution.trigger === "http" ? "" : ` ${execution.trigger}`;
  const tail = paint("dim", `${by}${origin} ${execution.durationMs.toFixed(1)} ms ${execution.id}`);
  const head = `${paint("dim", formatTime(execution.startedAt))}  ${status}  ${request}  ${tail}`;
  return [
    head,
    ...logLines(execution.lines, paint),
    ...(execution.error === null ? [] : errorLines(execution.error, paint)),
  ].join("\n");
}

/** All that was recorded of an execution, for reading. */
export function executionDetailText(execution: Execution, paint: Paint): string {
  const { script, version, cpuMs, brokenLimit, parentId, replayOf, request, response } = execution;
  const facts: [string, string | null][] = [
    ["script", `${script.name} v${version.number} (${script.id}, ${version.id})`],
    ["trigger", execution.trigger],
    ["processor", cpuMs === null ? null : `${cpuMs.toFixed(1)} ms`],
    ["limit", brokenLimit],
    ["invoked by", parentId === null ? null : `${parentId}, at depth ${execution.depth}`],
    ["replay of", replayOf],
  ];
  const known = facts.flatMap(([name, value]) => (value === null ? [] : [[name, oneLine(value)]]));
  return [
    executionText({ ...execution, lines: [], error: null }, paint),
    ...columns(known).map((line) => indent(line)),
    ...messageLines("request", request, paint),
    ...messageLines("response", response, paint),
    ...(execution.lines.length === 0 ? [] : [paint("bold", "console"), ...logLines(execution.lines, paint)]),
    ...(execution.error === null ? [] : [paint("bold", "error"), ...errorLines(execution.error, paint)]),
  ].join("\n");
}

function messageLines(title: string, message: Execution["request"], paint: Paint): string[] {
  if (message === null) return [];
  const { headers, body } = message;
  return [
    paint("bold", title),
    ...Object.entries(headers).map(([name, value]) => indent(paint("dim", oneLine(`${name}: ${value}`)))),
    ...(body === null ? [] : [indent(bodyText(body))]),
  ];
}

function bodyText({ text, encoding, truncated }: RecordedBody): string {
  const shown = encoding === "utf8" ? clean(text) : `(${Buffer.byteLength(text, "base64")} bytes that are not text)`;
  return truncated ? `${shown}\n… (only the beginning is kept)` : shown;
}

/** Console lines, each under its execution with its level. */
export function logLines(lines: readonly LogLine[], paint: Paint): string[] {
  return lines.map((line) => indent(`${paintLevel(line.level, paint)} ${clean(line.text)}`));
}

/** An exception with its stack, in the lines of the source as it was written. */
export function errorLines(error: ExecutionError, paint: Paint): string[] {
  const head = clean(`${error.name}: ${error.message}`);
  const stack = clean(error.stack);
  // V8 begins a stack with the error itself, unless somebody has changed it.
  const frames = stack.startsWith(head) ? stack.slice(head.length).replace(/^\n/, "") : stack;
  return [indent(paint("red", head)), ...(frames === "" ? [] : [indent(frames)])];
}

function paintLevel(level: LogLine["level"], paint: Paint): string {
  const name = level.padEnd(5);
  if (level === "error") return paint("red", name);
  if (level === "warn") return paint("yellow", name);
  return paint("dim", name);
}

const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => INDENT + line)
    .join("\n");
