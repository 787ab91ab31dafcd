import { defineCommand } from "../../framework/command.ts";
import { table } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { RATE_OPTION } from "../../session/key-options.ts";
import { KEY_HEADING, keyRow } from "../../session/key-text.ts";
import { openSession } from "../../session/session.ts";

const NAME = "keys update";

export const updateKey = defineCommand({
  name: NAME,
  summary: "Rename an API key, or change its own rate",
  args: [{ name: "id", about: "id of the key, from `isola keys list`" }],
  options: {
    name: { type: "string", value: "name", about: "what the key is for" },
    "requests-per-minute": RATE_OPTION,
    "no-rate": { type: "boolean", about: "it has no rate of its own any more" },
  },
  examples: ["keys update key_4x7mz0c2bq9d81hsjv5n --requests-per-minute 60"],
  async run({ args, options, host }) {
    const { name, "requests-per-minute": rate, "no-rate": free } = options;
    if (rate !== undefined && free) throw new UsageError("--requests-per-minute or --no-rate, not both.", NAME);
    const requestsPerMinute = free ? null : rate;
    if (name === undefined && requestsPerMinute === undefined) {
      throw new UsageError("Nothing to change: say --name, --requests-per-minute or --no-rate.", NAME);
    }
    const { client } = await openSession(host);
    const key = await client.patchKey({
      params: { id: args.id },
      body: {
        ...(name === undefined ? {} : { name }),
        ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      },
    });
    return { json: key, text: table(KEY_HEADING, [keyRow(key)], "") };
  },
});
