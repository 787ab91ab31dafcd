import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { routeText } from "../../session/route-text.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const matchRoute = defineCommand({
  name: "routes match",
  summary: "Say what answers a URL, and with which captures",
  details: "Ends with exit code 1 when nothing does.",
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
    return { json: answer, text: clean(describe(answer, `${method} ${url}`)), failed: answer.route === null };
  },
});

interface Match {
  route: (Parameters<typeof routeText>[0] & { script: { name: string } }) | null;
  params: Record<string, string>;
  allow: string[];
}

function describe({ route, params, allow }: Match, asked: string): string {
  if (route !== null) {
    const captures = Object.entries(params).map(([name, value]) => `  ${name} = ${value}`);
    return [`${asked}\nis answered by ${route.script.name}, by ${routeText(route)}`, ...captures].join("\n");
  }
  if (allow.length > 0) return `Nothing answers ${asked}; the path knows ${allow.join(", ")}.`;
  return `Nothing answers ${asked}.`;
}
