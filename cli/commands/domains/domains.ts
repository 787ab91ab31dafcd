import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { domainText, recordsText } from "../../session/domain-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

const DOMAIN = [{ name: "domain", about: "such as shop.example.com or *.example.com" }] as const;
const HEADING = ["domain", "state", "certificate", "proved", "claim ends", ""];

export const listDomains = defineCommand({
  name: "domains list",
  summary: "List an org's own domains",
  options: { org: ORG_OPTION, ...PAGE_OPTIONS },
  examples: ["domains list --org shop"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const page = await readPages(options, (query) => client.listDomains({ params: { slug }, query }));
    const rows = page.items.map(({ domain, state, certificate, provedAt, expiresAt, problem }) => [
      domain,
      state,
      certificate.state,
      provedAt === null ? "-" : formatTime(provedAt),
      expiresAt === null ? "-" : formatTime(expiresAt),
      problem ?? "",
    ]);
    const empty = `${slug} has no domain of its own. Claim one: \`isola domains claim <domain>\`.`;
    return { json: page, text: table(HEADING, rows, empty), notes: moreNote(page.cursor) };
  },
});

export const claimDomain = defineCommand({
  name: "domains claim",
  summary: "Claim a domain for an org, and show the records that it needs",
  details:
    "A wildcard stands for everything under a name; {tenant}.example.com gives its label a name, which scripts\n" +
    "find among the parameters of their route. The most specific claim answers.",
  args: [{ name: "domain", about: "such as shop.example.com, *.example.com or {tenant}.example.com" }],
  options: { org: ORG_OPTION },
  examples: ["domains claim shop.example.com --org shop", "domains claim '{tenant}.example.com' --org shop"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const domain = await client.claimDomain({ params: { slug }, body: { domain: args.domain } });
    if (domain.state === "active") return { json: domain, text: `${domain.domain} answers for ${slug}.` };
    return {
      json: domain,
      text: `Make these records in the DNS:\n${recordsText(domain)}`,
      notes: [`Then: isola domains verify ${domain.hostname} --org ${slug}. The clock looks every minute as well.`],
    };
  },
});

export const getDomain = defineCommand({
  name: "domains get",
  summary: "Show a domain with the records that it needs",
  args: DOMAIN,
  options: { org: ORG_OPTION },
  examples: ["domains get shop.example.com --org shop"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const domain = await client.getDomain({ params: { slug, hostname: args.domain } });
    return { json: domain, text: domainText(domain) };
  },
});

export const verifyDomain = defineCommand({
  name: "domains verify",
  summary: "Look for the proof of a claim now",
  args: DOMAIN,
  options: { org: ORG_OPTION },
  examples: ["domains verify shop.example.com --org shop"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const domain = await client.verifyDomain({ params: { slug, hostname: args.domain } });
    if (domain.state === "active") return { json: domain, text: `${domain.domain} answers for ${slug}.` };
    return { json: domain, text: domain.problem ?? "It is not proved yet.", failed: true };
  },
});

const RELEASE = "domains release";

export const releaseDomain = defineCommand({
  name: RELEASE,
  summary: "Give a domain up; it leads here no more",
  args: DOMAIN,
  options: { org: ORG_OPTION, yes: YES_OPTION },
  examples: ["domains release shop.example.com --org shop --yes"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    await confirm(options.yes, args.domain, `gives up ${args.domain}, which others can claim then`, host, RELEASE);
    await client.releaseDomain({ params: { slug, hostname: args.domain } });
    return { json: { released: args.domain }, text: `${args.domain} is released.` };
  },
});
