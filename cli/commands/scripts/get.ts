import type { Client } from "../../../contracts/client.ts";
import type { SomeScriptLimits } from "../../../contracts/script-limits.ts";
import { defineCommand } from "../../framework/command.ts";
import { clean, columns, formatBytes, formatTime } from "../../framework/text.ts";
import { limitLines } from "../../session/limit-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const getScript = defineCommand({
  name: "scripts get",
  summary: "Show a script and the files of a version",
  details:
    "Each limit is what holds now, what holds for a script that asks for nothing, and the most it may ask for.\n" +
    "The text of the files is in the JSON answer.",
  args: [{ name: "script", about: "name of the script" }],
  options: {
    org: ORG_OPTION,
    version: { type: "string", value: "number|id", about: "version to show the files of (default the live one)" },
  },
  examples: ["scripts get hello", "scripts get hello --version 2 --output json"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const query = options.version === undefined ? {} : { version: options.version };
    const [script, ceilings] = await Promise.all([
      client.getScript({ params: { slug, name: args.script }, query }),
      ceilingsOf(client, slug),
    ]);
    const { version } = script;
    const rows = [
      ["name", script.name],
      ["id", script.id],
      ["kind", script.kind],
      ["description", script.description === "" ? "-" : script.description],
      ["imports", script.imports.join(", ") || "-"],
      ["used by", script.usedBy.join(", ") || "-"],
      ["execute", script.executeUrl],
      ["version", `${version.number}${version.live ? " (live)" : `; live is ${script.live.number}`}`],
      ["made", `${formatTime(version.createdAt)} by ${version.author.name}`],
      ["message", version.message === "" ? "-" : version.message],
    ];
    const files = Object.entries(script.files).map(([path, text]) => [
      `  ${path}`,
      formatBytes(Buffer.byteLength(text)),
      path === script.main ? "entry" : "",
    ]);
    const text = [...columns(rows), "limits", ...limitLines(script.limits, ceilings), "files", ...columns(files)].join(
      "\n",
    );
    return { json: script, text: clean(text) };
  },
});

/** What an org holds its scripts to; nothing where one may not see it. */
const ceilingsOf = async (client: Client, slug: string): Promise<SomeScriptLimits> =>
  client.getOrg({ params: { slug } }).then(
    (org) => org.settings?.ceilings ?? {},
    () => ({}),
  );
