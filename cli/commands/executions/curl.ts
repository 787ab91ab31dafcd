import { PlatformError } from "../../../contracts/errors.ts";
import { TRIGGER_KINDS } from "../../../contracts/events/trigger.ts";
import { defineCommand } from "../../framework/command.ts";
import { curlText } from "../../session/curl-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const curlExecution = defineCommand({
  name: "executions curl",
  summary: "Print the curl command that sends an execution's request again",
  details: "Credentials are never stored, so they are not in it. The request goes to the org's host and its routes.",
  args: [{ name: "id", about: "id of the execution (exe_…)" }],
  options: { org: ORG_OPTION },
  examples: ["executions curl exe_1w5x9kq2m0c8d7f6g5h4"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const { trigger, request, method, path } = await client.getExecution({ params: { slug, id: args.id } });
    if ((TRIGGER_KINDS as readonly string[]).includes(trigger)) {
      throw new PlatformError("conflict", "This execution handled an event, which nobody sends over HTTP.", {
        hint: `\`isola executions replay ${args.id}\` handles it again.`,
      });
    }
    if (request === null) throw new PlatformError("conflict", "The request of this execution was not recorded.");
    if (request.body?.truncated === true) {
      throw new PlatformError("conflict", "The body of this execution was too long to be recorded whole.", {
        hint: `\`isola executions replay ${args.id} --data …\` runs it with another one.`,
      });
    }
    const { url } = await client.getOrg({ params: { slug } });
    const { command, leftOut } = curlText({ ...request, origin: new URL(url).origin, method, path });
    const notes =
      leftOut.length === 0 ? [] : [`Not in it, for they were not kept or cannot be sent: ${leftOut.join(", ")}.`];
    return { json: { command, leftOut }, text: command, notes };
  },
});
