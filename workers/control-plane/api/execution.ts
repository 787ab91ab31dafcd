import type { ExecutionDetail } from "../../../contracts/doors.ts";
import type { Stacks } from "./stacks.ts";

/** An execution as the API shows it: with its stacks in the lines of the source as it was written. */
export async function toExecution(execution: ExecutionDetail, stacks: Stacks) {
  const { scriptId, scriptName, versionId, versionNumber, error, lines, ...facts } = execution;
  return {
    ...facts,
    script: { id: scriptId, name: scriptName },
    version: { id: versionId, number: versionNumber },
    error: await stacks.map(error, versionId),
    lines: await stacks.mapLines(lines, versionId),
  };
}
