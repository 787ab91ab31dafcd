import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const listSecrets = defineCommand({
  name: "secrets list",
  summary: "List the secrets of an org; nobody reads their values back",
  options: { org: ORG_OPTION },
  examples: ["secrets list"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const page = await client.listSecrets({ params: { slug } });
    const rows = page.items.map(({ name, script, createdAt, updatedAt, keyVersion }) => [
      name,
      script === null ? "every script" : script.name,
      formatTime(createdAt),
      formatTime(updatedAt),
      String(keyVersion),
    ]);
    const empty = `${slug} has no secrets. Set one: \`isola secrets set <name>\`.`;
    return { json: page, text: table(["name", "read by", "made", "changed", "key"], rows, empty) };
  },
});
