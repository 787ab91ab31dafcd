import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { AUDIT_OPTIONS, auditFilter } from "../../session/audit-options.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openSession } from "../../session/session.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "audit list";
const HEADING = ["at", "who", "action", "target", "details"];

export const listAudit = defineCommand({
  name: NAME,
  summary: "List who did what, newest first",
  options: { ...AUDIT_OPTIONS, ...PAGE_OPTIONS },
  examples: ["audit list --org hello --action script. --from 2d", "audit list --platform --actor ada"],
  async run({ options, host }) {
    const filter = auditFilter(options, NAME);
    const page = await readPages(options, await reader(host, options, filter));
    const rows = page.items.map(({ at, actor, action, target, details }) => [
      formatTime(at),
      actor.name,
      action,
      target,
      Object.keys(details).length === 0 ? "" : JSON.stringify(details),
    ]);
    return { json: page, text: table(HEADING, rows, "Nothing matches."), notes: moreNote(page.cursor) };
  },
});

type Filter = ReturnType<typeof auditFilter>;
type Query = { limit: number; cursor?: string };

async function reader(
  host: Parameters<typeof openSession>[0],
  { platform, org }: { platform: boolean; org: string | undefined },
  filter: Filter,
) {
  if (!platform) {
    const { client, slug } = await openWorkplace(host, org);
    return (query: Query) => client.listOrgAudit({ params: { slug }, query: { ...query, ...filter } });
  }
  const { client } = await openSession(host);
  const ofOrg = org === undefined ? {} : { org };
  return (query: Query) => client.listAudit({ query: { ...query, ...filter, ...ofOrg } });
}
