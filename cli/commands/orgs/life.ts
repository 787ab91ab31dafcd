import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { openSession } from "../../session/session.ts";

const SLUG = [{ name: "slug", about: "the org" }] as const;

export const suspendOrg = defineCommand({
  name: "orgs suspend",
  summary: "Have an org's hosts answer 503 and its scripts rest, until it is resumed",
  args: SLUG,
  options: { reason: { type: "string", value: "text", about: "why, for those who look" } },
  examples: ["orgs suspend shop", 'orgs suspend shop --reason "until the audit is over"'],
  async run({ args, options, host }) {
    const { client } = await openSession(host);
    const { slug } = args;
    const body = options.reason === undefined ? {} : { reason: options.reason };
    const org = await client.suspendOrg({ params: { slug }, body });
    return { json: org, text: `${slug} is ${org.state}. \`isola orgs resume ${slug}\` ends that.` };
  },
});

export const resumeOrg = defineCommand({
  name: "orgs resume",
  summary: "Have a suspended org answer again",
  args: SLUG,
  examples: ["orgs resume shop"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    const org = await client.resumeOrg({ params: { slug: args.slug } });
    return { json: org, text: `${args.slug} is ${org.state} at ${clean(org.url)}` };
  },
});

export const renameOrg = defineCommand({
  name: "orgs rename",
  summary: "Give an org another slug; the one before leads to it for 30 days",
  args: [...SLUG, { name: "new-slug", about: "its label in host names from now on" }],
  examples: ["orgs rename shop market"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    const org = await client.renameOrg({ params: { slug: args.slug }, body: { slug: args["new-slug"] } });
    return {
      json: org,
      text: `${args.slug} is ${org.slug} now, at ${clean(org.url)}`,
      notes: [
        `http requests to ${args.slug} are sent on for 30 days. ISOLA_ORG and scripts that name it need the new one.`,
      ],
    };
  },
});
