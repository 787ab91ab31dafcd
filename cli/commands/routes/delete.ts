import { idSchema } from "../../../contracts/ids.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { Client } from "../../../contracts/client.ts";
import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { readRoute, routeText } from "../../session/route-text.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "routes delete";

export const deleteRoute = defineCommand({
  name: NAME,
  summary: "Delete a route",
  args: [{ name: "route", about: 'its id, or the route as it is listed, such as "GET /hello/:name"' }],
  options: { org: ORG_OPTION },
  examples: ["routes delete rte_4x7mz0c2bq9d81hsjv5n", 'routes delete "GET /hello/:name" --org hello'],
  async run({ args, options, host }) {
    const wanted = idSchema("route").safeParse(args.route).success ? null : routeText(readRoute(args.route, NAME));
    const { client, slug } = await openWorkplace(host, options.org);
    const id = wanted === null ? args.route : await idOf(wanted, client, slug);
    await client.deleteRoute({ params: { slug, id } });
    return { json: { deleted: id }, text: `${clean(args.route)} is deleted.` };
  },
});

async function idOf(wanted: string, client: Client, slug: string): Promise<string> {
  const { items } = await client.listRoutes({ params: { slug } });
  const route = items.find((candidate) => routeText(candidate) === wanted);
  if (route !== undefined) return route.id;
  throw new PlatformError("not_found", `${slug} has no route ${wanted}. \`isola routes list\` shows them.`);
}
