import type { z } from "zod";

import type { executionErrorSchema, executionSchema, logLineSchema } from "../../contracts/api/executions.ts";
import { clean, formatTime, oneLine, type Paint } from "../framework/text.ts";

type Execution = z.output<typeof executionSchema>;
type LogLine = z.output<typeof logLineSchema>;
type ExecutionError = z.output<typeof executionErrorSchema>;

const INDENT = "    ";

/** An execution with its console lines and its error, for reading. */
export function executionText(execution: Execution, paint: Paint): string {
  const bad = execution.outcome !== "ok" || execution.status >= 500;
  const outcome = execution.outcome === "ok" ? "" : ` ${execution.outcome}`;
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
