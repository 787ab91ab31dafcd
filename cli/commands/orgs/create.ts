import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { openSession } from "../../session/session.ts";

export const createOrg = defineCommand({
  name: "orgs create",
  summary: "Make an org; its host answers at once",
  args: [{ name: "slug", about: "its label in host names: letters a to z, digits, hyphens" }],
  options: { name: { type: "string", value: "name", about: "its name for people (default the slug)" } },
  examples: ["orgs create hello", 'orgs create shop --name "The shop"'],
  async run({ args, options, host }) {
    const { client } = await openSession(host);
    const { name } = options;
    const org = await client.createOrg({ body: name === undefined ? { slug: args.slug } : { slug: args.slug, name } });
    return { json: org, text: `${clean(org.slug)} answers at ${clean(org.url)}` };
  },
});
