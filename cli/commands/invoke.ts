import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { PlatformError } from "../../contracts/errors.ts";
import { defineCommand } from "../framework/command.ts";
import { clean, paintFor } from "../framework/text.ts";
import type { Host } from "../framework/host.ts";
import { UsageError } from "../framework/usage.ts";
import { errorLines, logLines } from "../session/execution-text.ts";
import { ORG_OPTION } from "../session/org.ts";
import { openWorkplace } from "../session/workplace.ts";

const NAME = "invoke";

export const invoke = defineCommand({
  name: NAME,
  summary: "Run a script with a request of your own and see all that came of it",
  details:
    "The body goes to standard output, everything else to standard error. Ends with exit code 1 when the\n" +
    "script failed.",
  args: [{ name: "script", about: "name of the script" }],
  options: {
    org: ORG_OPTION,
    method: { type: "string", value: "method", short: "X", about: "HTTP method (default GET, or POST with --data)" },
    path: { type: "string", value: "path", about: "path and query (default /)" },
    header: { type: "string", value: "name: value", short: "H", multiple: true, about: "a request header" },
    data: { type: "string", value: "text", short: "d", about: "the body; @file reads a file, - standard input" },
  },
  examples: [
    "invoke hello --path /hello/ada",
    "invoke api --path /items -H 'content-type: application/json' -d @item.json",
  ],
  async run({ args, options, host }) {
    const headers = Object.fromEntries(options.header.map(readHeader));
    const body = options.data === undefined ? null : await readBody(options.data, host);
    const { client, slug } = await openWorkplace(host, options.org);
    const answer = await client.invokeScript({
      params: { slug, name: args.script },
      body: { method: options.method ?? (body === null ? "GET" : "POST"), path: options.path ?? "/", headers, body },
    });
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
  },
});

function readHeader(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  throw new UsageError(`--header must be like "name: value", not "${text}".`, NAME);
}

async function readBody(data: string, host: Host): Promise<string> {
  if (data === "-") return host.readInput();
  if (!data.startsWith("@")) return data;
  try {
    return await readFile(resolve(host.cwd, data.slice(1)), "utf8");
  } catch (error) {
    throw new PlatformError("invalid", `--data ${data} cannot be read: ${(error as Error).message}.`);
  }
}

function bodyOf(answer: { body: string; bodyEncoding: "utf8" | "base64" }, host: Host): string | Uint8Array {
  // A pipe gets the body as it is; a terminal must not obey it.
  if (answer.bodyEncoding === "utf8") return host.outIsTerminal ? clean(answer.body) : Buffer.from(answer.body);
  const bytes = Buffer.from(answer.body, "base64");
  return host.outIsTerminal ? `(${bytes.length} bytes that are not text)` : bytes;
}
