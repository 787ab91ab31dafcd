import { defineCommand } from "../../framework/command.ts";
import { UsageError } from "../../framework/usage.ts";
import { openSession } from "../../session/session.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "audit verify";

/** One call's verdict, as far as this command goes by it. */
interface Verdict {
  ok: boolean;
  entries: number;
  head: { chain: string; seq: number; hash: string } | null;
  broken: { chain: string; seq: number; reason: string; message: string } | null;
  cursor: string | null;
}

export const verifyAudit = defineCommand({
  name: NAME,
  summary: "Verify that nobody changed, removed or put in an entry of the audit log",
  details:
    "It prints the last entry with its hash. Note it down elsewhere, and give it as --noted the next time: then even\n" +
    "a log that was written anew as a whole shows.",
  options: {
    org: { type: "string", value: "slug", about: "the log of this org (default ISOLA_ORG)" },
    platform: { type: "boolean", about: "all of the platform's logs instead; for its admins" },
    noted: { type: "string", value: "number:hash", about: "an entry that was noted down" },
  },
  examples: ["audit verify --org hello", "audit verify --platform"],
  async run({ options, host }) {
    const noted = notedOf(options.noted);
    const verify = await verifier(host, options, noted);
    let entries = 0;
    let last: Verdict;
    let cursor: string | null = null;
    do {
      last = await verify(cursor === null ? {} : { cursor });
      entries += last.entries;
      cursor = last.cursor;
    } while (cursor !== null);
    const { ok, head, broken } = last;
    const json = { ok, entries, head, broken };
    if (broken !== null) {
      return { json, text: `Broken at ${broken.seq} of ${broken.chain}: ${broken.message}`, failed: true };
    }
    const end = head === null ? "" : ` The last of ${head.chain} is ${head.seq}:${head.hash}`;
    return { json, text: `${entries} entries, all as they were written.${end}` };
  },
});

interface Noted {
  seq?: number;
  hash?: string;
}

function notedOf(text: string | undefined): Noted {
  if (text === undefined) return {};
  const [, seq, hash] = /^([1-9][0-9]{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) {
    throw new UsageError("--noted must be <number>:<64 hexadecimal digits>, as this command prints it.", NAME);
  }
  return { seq: Number(seq), hash };
}

async function verifier(
  host: Parameters<typeof openSession>[0],
  { platform, org }: { platform: boolean; org: string | undefined },
  noted: Noted,
): Promise<(page: { cursor?: string }) => Promise<Verdict>> {
  if (!platform) {
    const { client, slug } = await openWorkplace(host, org);
    return (page) => client.verifyOrgAudit({ params: { slug }, query: { ...page, ...noted } });
  }
  const { client } = await openSession(host);
  const chain = noted.seq === undefined ? {} : { chain: "platform" as const };
  return (page) => client.verifyAudit({ query: { ...page, ...noted, ...chain } });
}
