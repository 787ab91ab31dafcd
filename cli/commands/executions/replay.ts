import { z } from "zod";

import { PlatformError } from "../../../contracts/errors.ts";
import { isSentAgain } from "../../../contracts/redact.ts";
import { defineCommand } from "../../framework/command.ts";
import type { Host } from "../../framework/host.ts";
import { oneLine } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { answerResult } from "../../session/answer-text.ts";
import { editText } from "../../session/editor.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { readData, readHeaders, REQUEST_OPTIONS } from "../../session/request-options.ts";
import { openWorkplace, type Workplace } from "../../session/workplace.ts";

const NAME = "executions replay";

const inputSchema = z.strictObject({
  method: z.string(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
});
type Input = z.output<typeof inputSchema>;

export const replayExecution = defineCommand({
  name: NAME,
  summary: "Run the script again with the input of an execution, or an edited one",
  details:
    "The script's live version runs, and all that it does outside happens again. Headers that carried credentials\n" +
    "were not stored and are not sent. The body goes to standard output, everything else to standard error.",
  args: [{ name: "id", about: "id of the execution (exe_…)" }],
  options: {
    org: ORG_OPTION,
    edit: { type: "boolean", about: "change the input in your editor (EDITOR) first" },
    ...REQUEST_OPTIONS,
    header: { ...REQUEST_OPTIONS.header, about: "a request header, beside or instead of the recorded one" },
    data: { ...REQUEST_OPTIONS.data, about: "another body; @file reads a file, - standard input" },
  },
  examples: [
    "executions replay exe_1w5x9kq2m0c8d7f6g5h4",
    "executions replay exe_1w5x9kq2m0c8d7f6g5h4 --data @item.json -H 'authorization: Bearer …'",
  ],
  async run({ args, options, host }) {
    const place = await openWorkplace(host, options.org);
    const given = readHeaders(options.header, NAME);
    const edits: Partial<Input> = {
      ...(options.method === undefined ? {} : { method: options.method }),
      ...(options.path === undefined ? {} : { path: options.path }),
      ...(options.data === undefined ? {} : { body: await readData(options.data, host) }),
      ...(options.header.length === 0 ? {} : { headers: merged((await recordedInput(place, args.id)).headers, given) }),
    };
    const input = options.edit ? await editInput(place, args.id, edits, host) : edits;
    const answer = await place.client.replayExecution({ params: { slug: place.slug, id: args.id }, body: input });
    const result = answerResult(answer, host);
    const leftOut = answer.headersLeftOut.map(oneLine).join(", ");
    const notes = [
      answer.warning,
      ...(leftOut === "" ? [] : [`Recorded headers that were not sent again: ${leftOut}.`]),
    ];
    return { ...result, notes: [...(result.notes ?? []), ...notes] };
  },
});

/** What was recorded, as far as it can be sent again. */
async function recordedInput({ client, slug }: Workplace, id: string): Promise<Input> {
  const { method, path, request } = await client.getExecution({ params: { slug, id } });
  const headers = Object.entries(request?.headers ?? {}).filter(([name, value]) => isSentAgain(name, value));
  const body = request?.body?.encoding === "utf8" ? request.body.text : null;
  return { method, path, headers: Object.fromEntries(headers), body };
}

/** Recorded headers with others beside or instead of them, whatever the case of their names. */
function merged(recorded: Record<string, string>, given: Record<string, string>): Record<string, string> {
  const lower = (headers: Record<string, string>) =>
    Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  return Object.fromEntries([...lower(recorded), ...lower(given)]);
}

/** The parts of the input that the person changed, with those changed already. */
async function editInput(place: Workplace, id: string, edits: Partial<Input>, host: Host): Promise<Partial<Input>> {
  if (host.ask === null) {
    throw new UsageError("--edit needs a terminal; use --method, --path, --header and --data instead.", NAME);
  }
  const recorded = await recordedInput(place, id);
  const shown = { ...recorded, ...edits };
  const text = await editText(host, "input.json", `${JSON.stringify(shown, null, 2)}\n`);
  const edited = inputSchema.safeParse(parseJson(text));
  if (!edited.success) {
    throw new PlatformError("invalid", "The edited input must keep method, path, headers and body, as JSON.", {
      hint: "Nothing was run.",
    });
  }
  // What is as it was recorded is left to the platform: it may have more of it than is shown here.
  const changed = Object.entries(edited.data).filter(
    ([part, value]) => JSON.stringify(value) !== JSON.stringify(recorded[part as keyof Input]),
  );
  return { ...edits, ...Object.fromEntries(changed) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
