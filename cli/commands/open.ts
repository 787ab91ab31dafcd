import { defineCommand } from "../framework/command.ts";
import { ORG_OPTION } from "../session/org.ts";
import { openWorkplace } from "../session/workplace.ts";

export const open = defineCommand({
  name: "open",
  summary: "Say where to open an org's own host in a browser, signed in",
  details: "The page of the control plane asks you to sign in where the browser is not, and leads on from there.",
  options: {
    org: ORG_OPTION,
    to: { type: "string", value: "path", about: "path to open there (default /)" },
  },
  examples: ["open --org hello", "open --org hello --to /admin"],
  async run({ options, host }) {
    const { url, slug } = await openWorkplace(host, options.org);
    const address = new URL(`/open/${slug}`, url);
    if (options.to !== undefined) address.searchParams.set("to", options.to);
    return { json: { url: address.href }, text: address.href };
  },
});
