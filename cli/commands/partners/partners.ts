import { defineCommand } from "../../framework/command.ts";
import { clean, formatTime, table } from "../../framework/text.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openSession } from "../../session/session.ts";

const HEADING = ["id", "name", "state", "orgs", "keys", "since"];

export const listPartners = defineCommand({
  name: "partners list",
  summary: "List the partners: programs that make and manage orgs of their own",
  options: PAGE_OPTIONS,
  examples: ["partners list"],
  async run({ options, host }) {
    const { client } = await openSession(host);
    const page = await readPages(options, (query) => client.listPartners({ query }));
    const rows = page.items.map(({ id, name, active, orgs, keys, createdAt }) => [
      id,
      name,
      active ? "active" : "deactivated",
      String(orgs),
      String(keys),
      formatTime(createdAt),
    ]);
    return { json: page, text: table(HEADING, rows, "There are no partners."), notes: moreNote(page.cursor) };
  },
});

export const createPartner = defineCommand({
  name: "partners create",
  summary: "Make a partner; it acts by the keys that are made for it",
  args: [{ name: "name", about: "its name for people" }],
  examples: ['partners create "Acme Hosting"'],
  async run({ args, host }) {
    const { client } = await openSession(host);
    const partner = await client.createPartner({ body: { name: args.name } });
    const next = `Make it a key: \`isola partners create-key ${partner.id} --name …\`.`;
    return { json: partner, text: clean(`${partner.name} is ${partner.id}.`), notes: [next] };
  },
});

export const deactivatePartner = defineCommand({
  name: "partners deactivate",
  summary: "End a partner's keys at once; its orgs go on",
  args: [{ name: "id", about: "id of the partner, from `isola partners list`" }],
  options: { yes: YES_OPTION },
  examples: ["partners deactivate usr_4x7mz0c2bq9d81hsjv5n"],
  async run({ args, options, host }) {
    const { id } = args;
    await confirm(options.yes, id, `ends all keys of the partner ${id}`, host, "partners deactivate");
    const { client } = await openSession(host);
    const partner = await client.patchPartner({ params: { id }, body: { active: false } });
    return { json: partner, text: clean(`${partner.name} is deactivated; its orgs go on.`) };
  },
});

export const activatePartner = defineCommand({
  name: "partners activate",
  summary: "Let a partner that was deactivated have keys again",
  args: [{ name: "id", about: "id of the partner, from `isola partners list`" }],
  examples: ["partners activate usr_4x7mz0c2bq9d81hsjv5n"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    const partner = await client.patchPartner({ params: { id: args.id }, body: { active: true } });
    return { json: partner, text: clean(`${partner.name} is active; keys have to be made anew.`) };
  },
});
