import { defineCommand } from "../../framework/command.ts";
import { paintFor } from "../../framework/text.ts";
import { executionDetailText } from "../../session/execution-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const getExecution = defineCommand({
  name: "executions get",
  summary: "Show all that was recorded of an execution",
  args: [{ name: "id", about: "id of the execution (exe_…)" }],
  options: { org: ORG_OPTION },
  examples: ["executions get exe_1w5x9kq2m0c8d7f6g5h4"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const execution = await client.getExecution({ params: { slug, id: args.id } });
    return { json: execution, text: executionDetailText(execution, paintFor(host.outIsTerminal, host.env)) };
  },
});
