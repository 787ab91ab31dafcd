import { defineCommand } from "../../framework/command.ts";
import { table } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const HEADING = ["method", "host", "path", "script", "dispatch", "id"];

export const listRoutes = defineCommand({
  name: "routes list",
  summary: "List an org's routes in the order in which they match",
  options: { org: ORG_OPTION },
  examples: ["routes list --org hello"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const page = await client.listRoutes({ params: { slug } });
    const rows = page.items.map((route) => [
      route.method,
      route.host ?? "any",
      route.path,
      route.script.name,
      route.dispatch,
      route.id,
    ]);
    return { json: page, text: table(HEADING, rows, `${slug} has no routes. Make one: \`isola routes create\`.`) };
  },
});
