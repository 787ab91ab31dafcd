import type { z } from "zod";

import type { databaseSchema } from "../../../contracts/api/databases.ts";
import { defineCommand } from "../../framework/command.ts";
import { columns, formatTime, oneLine } from "../../framework/text.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const getDatabase = defineCommand({
  name: "databases get",
  summary: "Show an org's own database",
  options: { org: ORG_OPTION },
  examples: ["databases get --org shop"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const found = await client.getDatabase({ params: { slug } });
    return { json: found, text: textOf(found.database, slug) };
  },
});

export const createDatabase = defineCommand({
  name: "databases create",
  summary: "Give an org a database of its own; its connection string becomes the secret DATABASE_URL",
  options: { org: ORG_OPTION },
  examples: ["databases create --org shop"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const found = await client.createDatabase({ params: { slug } });
    return {
      json: found,
      text: textOf(found.database, slug),
      notes: [`\`isola databases get --org ${slug}\` shows when it is ready.`],
    };
  },
});

const DELETE = "databases delete";

export const deleteDatabase = defineCommand({
  name: DELETE,
  summary: "Destroy an org's own database with all its data",
  options: { org: ORG_OPTION, yes: YES_OPTION },
  examples: ["databases delete --org shop --yes"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    await confirm(options.yes, slug, `destroys the database of ${slug} with all its data`, host, DELETE);
    await client.deleteDatabase({ params: { slug }, query: { confirm: slug } });
    return { json: { deleted: slug }, text: `The database of ${slug} is destroyed.` };
  },
});

function textOf(database: z.output<typeof databaseSchema> | null, slug: string): string {
  if (database === null) return `${slug} has no database of its own.`;
  const rows = [
    ["driver", database.driver],
    ["state", database.state],
    ["secret", database.secret],
    ...(database.error === null ? [] : [["error", database.error]]),
    ["created", formatTime(database.createdAt)],
  ];
  return columns(rows.map((row) => row.map(oneLine))).join("\n");
}
