import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { KEY_OPTIONS, newKeyOf, SCOPES_TEXT } from "../../session/key-options.ts";
import { openSession } from "../../session/session.ts";

const NAME = "keys create";

export const createKey = defineCommand({
  name: NAME,
  summary: "Make an API key; it is shown this once",
  details: SCOPES_TEXT,
  options: KEY_OPTIONS,
  examples: ["keys create --name ci --scope scripts:write --scope routes:write --org hello --expires 30d"],
  async run({ options, host }) {
    const body = newKeyOf(options, NAME);
    const { client } = await openSession(host);
    const key = await client.createKey({ body });
    return {
      json: key,
      text: key.key,
      notes: [`${clean(key.name)} (${key.id}): keep the key now, it is not shown again.`],
    };
  },
});
