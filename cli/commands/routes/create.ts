import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { readRoute, routeText } from "../../session/route-text.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "routes create";

export const createRoute = defineCommand({
  name: NAME,
  summary: "Route requests to a script",
  details:
    "A route is a method (or none for any), a host (or none for any) and a path: /greet is that path alone,\n" +
    "/users/:id takes one segment, /hooks/* everything below /hooks/.",
  args: [{ name: "route", about: 'such as "GET /hello/:name", /greet or "ANY shop.example.com/*"' }],
  options: {
    org: ORG_OPTION,
    script: { type: "string", value: "script", required: true, about: "name or id of the script that answers" },
    async: { type: "boolean", about: "answer 202 at once and run the script later; its answer is kept for a day" },
  },
  examples: ['routes create "GET /hello/:name" --script hello', "routes create '/*' --script site --org shop"],
  async run({ args, options, host }) {
    const { method, host: hostPattern, path } = readRoute(args.route, NAME);
    const { client, slug } = await openWorkplace(host, options.org);
    const body = {
      method,
      host: hostPattern,
      path,
      script: options.script,
      dispatch: options.async ? "async" : "sync",
    } as const;
    const route = await client.createRoute({ params: { slug }, body });
    const how = route.dispatch === "async" ? "is run later by" : "is answered by";
    return { json: route, text: clean(`${routeText(route)} ${how} ${route.script.name} (${route.id})`) };
  },
});
