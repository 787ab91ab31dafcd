import type { z } from "zod";

import type { invokeAnswerSchema } from "../../contracts/api/executions.ts";
import type { Result } from "../framework/command.ts";
import type { Host } from "../framework/host.ts";
import { clean, paintFor } from "../framework/text.ts";
import { errorLines, logLines } from "./execution-text.ts";

type Answer = z.output<typeof invokeAnswerSchema>;

/** What a script answered to a request of the command line: its body as output, everything else beside it. */
export function answerResult(answer: Answer, host: Host): Result {
  const paint = paintFor(host.errIsTerminal, host.env);
  const notes = [
    `${paint(answer.status < 400 ? "green" : "red", String(answer.status))} in ${answer.durationMs.toFixed(1)} ms ` +
      paint("dim", answer.executionId),
    ...Object.entries(answer.headers).map(([name, value]) => paint("dim", clean(`${name}: ${value}`))),
    ...logLines(answer.lines, paint),
    ...(answer.error === null ? [] : errorLines(answer.error, paint)),
    ...(answer.truncated ? ["The body was longer than this and is cut."] : []),
  ];
  return { json: answer, text: bodyOf(answer, host), notes, failed: answer.error !== null };
}

function bodyOf(answer: Answer, host: Host): string | Uint8Array {
  // A pipe gets the body as it is; a terminal must not obey it.
  if (answer.bodyEncoding === "utf8") return host.outIsTerminal ? clean(answer.body) : Buffer.from(answer.body);
  const bytes = Buffer.from(answer.body, "base64");
  return host.outIsTerminal ? `(${bytes.length} bytes that are not text)` : bytes;
}
