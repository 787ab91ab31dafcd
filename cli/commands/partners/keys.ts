import { defineCommand } from "../../framework/command.ts";
import { clean, table } from "../../framework/text.ts";
import { KEY_OPTIONS, newKeyOf, SCOPES_TEXT } from "../../session/key-options.ts";
import { KEY_HEADING, keyRow } from "../../session/key-text.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openSession } from "../../session/session.ts";

const CREATE = "partners create-key";
const PARTNER = { name: "partner", about: "id of the partner, from `isola partners list`" } as const;

export const listPartnerKeys = defineCommand({
  name: "partners list-keys",
  summary: "List a partner's API keys",
  args: [PARTNER],
  options: PAGE_OPTIONS,
  examples: ["partners list-keys usr_4x7mz0c2bq9d81hsjv5n"],
  async run({ args, options, host }) {
    const { client } = await openSession(host);
    const params = { id: args.partner };
    const page = await readPages(options, (query) => client.listPartnerKeys({ params, query }));
    const text = table(KEY_HEADING, page.items.map(keyRow), "It has no API keys.");
    return { json: page, text, notes: moreNote(page.cursor) };
  },
});

export const createPartnerKey = defineCommand({
  name: CREATE,
  summary: "Make an API key for a partner; it is shown this once",
  details: SCOPES_TEXT,
  args: [PARTNER],
  options: KEY_OPTIONS,
  examples: ["partners create-key usr_4x7mz0c2bq9d81hsjv5n --name production --requests-per-minute 600"],
  async run({ args, options, host }) {
    const body = newKeyOf(options, CREATE);
    const { client } = await openSession(host);
    const key = await client.createPartnerKey({ params: { id: args.partner }, body });
    const note = `${clean(key.name)} (${key.id}): keep the key now, it is not shown again.`;
    return { json: key, text: key.key, notes: [note] };
  },
});

export const revokePartnerKey = defineCommand({
  name: "partners revoke-key",
  summary: "Revoke a partner's API key at once",
  args: [PARTNER, { name: "key", about: "id of the key, from `isola partners list-keys`" }],
  examples: ["partners revoke-key usr_4x7mz0c2bq9d81hsjv5n key_4x7mz0c2bq9d81hsjv5n"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    await client.revokePartnerKey({ params: { id: args.partner, key: args.key } });
    return { json: { revoked: args.key }, text: `${args.key} is revoked.` };
  },
});
