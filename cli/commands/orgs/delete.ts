import { PlatformError } from "../../../contracts/errors.ts";
import { defineCommand } from "../../framework/command.ts";
import type { Host } from "../../framework/host.ts";
import { UsageError } from "../../framework/usage.ts";
import { openSession } from "../../session/session.ts";

const NAME = "orgs delete";

export const deleteOrg = defineCommand({
  name: NAME,
  summary: "Destroy an org with everything that belongs to it",
  args: [{ name: "slug", about: "the org to destroy" }],
  options: { confirm: { type: "string", value: "slug", about: "the slug again, instead of being asked for it" } },
  examples: ["orgs delete hello", "orgs delete hello --confirm hello"],
  async run({ args, options, host }) {
    const { slug } = args;
    const { client } = await openSession(host);
    const typed = options.confirm ?? (await askForSlug(slug, host));
    if (typed !== slug) {
      throw new PlatformError("invalid", `"${typed}" is not "${slug}": nothing was destroyed.`);
    }
    await client.deleteOrg({ params: { slug }, query: { confirm: typed } });
    return { json: { deleted: slug }, text: `${slug} is destroyed.` };
  },
});

async function askForSlug(slug: string, host: Host): Promise<string> {
  if (host.ask === null) throw new UsageError(`This destroys ${slug} for good: say --confirm ${slug}.`, NAME);
  const answer = await host.ask(`This destroys ${slug} with all its scripts and data, for good. Type its slug: `);
  return answer.trim();
}
