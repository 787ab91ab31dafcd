import type { z } from "zod";

import type { diffScript as diffEndpoint } from "../../../contracts/api/scripts.ts";
import { defineCommand } from "../../framework/command.ts";
import { clean, formatTime, oneLine, paintFor, type Paint } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

type Diff = z.output<(typeof diffEndpoint)["response"]>;

export const diffScript = defineCommand({
  name: "scripts diff",
  summary: "Compare two versions of a script",
  details:
    "Without versions it is the live one against the one before it; with one, that one against the live one.\n" +
    "What `isola deploy` bundled is compared as it was uploaded, as one file.",
  args: [
    { name: "script", about: "name of the script" },
    { name: "from", about: "number or id of the older version", optional: true },
    { name: "to", about: "number or id of the newer version (default the live one)", optional: true },
  ],
  options: { org: ORG_OPTION },
  examples: ["scripts diff hello", "scripts diff hello 2 5 --org hello"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const { from, to } = args;
    const query = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    const diff = await client.diffScript({ params: { slug, name: args.script }, query });
    return { json: diff, text: diffText(args.script, diff, paintFor(host.outIsTerminal, host.env)) };
  },
});

function diffText(script: string, { from, to, files }: Diff, paint: Paint): string {
  const changed = files.filter((file) => file.change !== "unchanged");
  const head = [
    ...(from === null ? [] : [`from ${versionText(from)}`]),
    `to   ${versionText(to)}${from === null ? ", the first that is kept" : ""}`,
  ];
  if (changed.length === 0) return [...head, `No file of ${clean(script)} differs.`].join("\n");
  return [...head, ...changed.flatMap((file) => ["", ...fileLines(file, paint)])].join("\n");
}

const versionText = ({ number, createdAt, author, message }: Diff["to"]): string =>
  oneLine(`v${number} of ${formatTime(createdAt)} by ${author.name}${message === "" ? "" : `: ${message}`}`);

function fileLines({ path, change, added, removed, diff, note }: Diff["files"][number], paint: Paint): string[] {
  const head = `${paint("bold", oneLine(path))} ${change}, ${paint("green", `+${added}`)} ${paint("red", `-${removed}`)}`;
  return [
    head,
    ...(note === null ? [] : [oneLine(note)]),
    ...(diff === null
      ? []
      : clean(diff)
          .trimEnd()
          .split("\n")
          .map((line) => paintLine(line, paint))),
  ];
}

function paintLine(line: string, paint: Paint): string {
  if (line.startsWith("+++") || line.startsWith("---")) return paint("bold", line);
  if (line.startsWith("@@")) return paint("cyan", line);
  if (line.startsWith("+")) return paint("green", line);
  if (line.startsWith("-")) return paint("red", line);
  return line;
}
