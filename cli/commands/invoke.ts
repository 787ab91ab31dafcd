import { defineCommand } from "../framework/command.ts";
import { answerResult } from "../session/answer-text.ts";
import { ORG_OPTION } from "../session/org.ts";
import { readData, readHeaders, REQUEST_OPTIONS } from "../session/request-options.ts";
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
    ...REQUEST_OPTIONS,
    method: { ...REQUEST_OPTIONS.method, about: "HTTP method (default GET, or POST with --data)" },
    path: { ...REQUEST_OPTIONS.path, about: "path and query (default /)" },
  },
  examples: [
    "invoke hello --path /hello/ada",
    "invoke api --path /items -H 'content-type: application/json' -d @item.json",
  ],
  async run({ args, options, host }) {
    const headers = readHeaders(options.header, NAME);
    const body = options.data === undefined ? null : await readData(options.data, host);
    const { client, slug } = await openWorkplace(host, options.org);
    const answer = await client.invokeScript({
      params: { slug, name: args.script },
      body: { method: options.method ?? (body === null ? "GET" : "POST"), path: options.path ?? "/", headers, body },
    });
    return answerResult(answer, host);
  },
});
