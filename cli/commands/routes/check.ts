import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { readRoute, routeText } from "../../session/route-text.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "routes check";

export const checkRoute = defineCommand({
  name: NAME,
  summary: "Say whether a route would conflict, without making it",
  details: "Ends with exit code 1 when it would.",
  args: [{ name: "route", about: 'such as "GET /hello/:name"' }],
  options: { org: ORG_OPTION },
  examples: ['routes check "GET /users/:id" --org hello'],
  async run({ args, options, host }) {
    const route = readRoute(args.route, NAME);
    const { client, slug } = await openWorkplace(host, options.org);
    const body = { method: route.method, host: route.host, path: route.path };
    const answer = await client.checkRoute({ params: { slug }, body });
    const others = answer.conflicts.map((other) => `  ${routeText(other)} of ${other.script.name} (${other.id})`);
    const text = answer.ok
      ? `${routeText(route)} conflicts with nothing.`
      : [`${routeText(route)} conflicts with:`, ...others].join("\n");
    return { json: answer, text: clean(text), failed: !answer.ok };
  },
});
