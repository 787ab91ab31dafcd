import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { whyNot } from "../../routes/why-not.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { routeText, type ApiRoute } from "../../session/route-text.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const matchRoute = defineCommand({
  name: "routes match",
  summary: "Say what answers a URL, and with which captures",
  details: "Where nothing does it says why, and ends with exit code 1.",
  args: [{ name: "url", about: "a URL, or a path on the org's own host" }],
  options: {
    org: ORG_OPTION,
    method: { type: "string", value: "method", about: "HTTP method (default GET)" },
  },
  examples: ["routes match /hello/ada --org hello", "routes match http://hello.localhost:8787/hooks/x --method POST"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const url = args.url.startsWith("/")
      ? (await client.getOrg({ params: { slug } })).url.replace(/\/+$/, "") + args.url
      : args.url;
    const method = (options.method ?? "GET").toUpperCase();
    const answer = await client.matchRoute({ params: { slug }, body: { url, method } });
    const asked = `${method} ${url}`;
    if (answer.route !== null) {
      return { json: { ...answer, why: [] }, text: clean(answered(asked, answer.route, answer.params)) };
    }
    const { hostname, pathname: path } = new URL(url);
    const why =
      answer.allow.length > 0
        ? [`The path knows other methods: ${answer.allow.join(", ")}.`]
        : whyNot({ method, hostname, path }, (await client.listRoutes({ params: { slug } })).items);
    const text = [`Nothing answers ${asked}.`, ...why.map((reason) => `  ${reason}`)].join("\n");
    return { json: { ...answer, why }, text: clean(text), failed: true };
  },
});

function answered(asked: string, route: ApiRoute, params: Record<string, string>): string {
  const captures = Object.entries(params).map(([name, value]) => `  ${name} = ${value}`);
  return [`${asked}\nis answered by ${route.script.name}, by ${routeText(route)}`, ...captures].join("\n");
}
