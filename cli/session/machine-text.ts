import type { z } from "zod";

import type { machineSchema, orgMachineSchema, provisionSchema } from "../../contracts/api/machines.ts";
import { clean, columns, formatTime, oneLine, type Paint } from "../framework/text.ts";

type Machine = z.output<typeof machineSchema>;
type Provision = z.output<typeof provisionSchema>;
type Step = Provision["steps"][number];
export type OrgMachine = z.output<typeof orgMachineSchema>;

const MARKS: Record<Step["state"], string> = { waiting: "·", running: "…", done: "✓", failed: "✗", undone: "↺" };
const STYLES: Record<Step["state"], Parameters<Paint>[0]> = {
  waiting: "dim",
  running: "cyan",
  done: "green",
  failed: "red",
  undone: "yellow",
};

/** One step as it stands: mark, name, how long it took or what went wrong. */
export function stepText(step: Step, paint: Paint): string {
  const { startedAt, endedAt, attempts, error } = step;
  const isOver = step.state === "done" || step.state === "failed";
  const took = !isOver || startedAt === null || endedAt === null ? "" : `${Math.max(0, endedAt - startedAt)} ms`;
  const again = attempts > 1 ? `attempt ${attempts}` : "";
  const facts = [took, again, error === null ? "" : oneLine(error)].filter((text) => text !== "").join(", ");
  const line = `${MARKS[step.state]} ${step.step.padEnd(16)}${facts}`.trimEnd();
  return paint(STYLES[step.state], line);
}

/** What went wrong with a machine, with its last lines. */
export function failureText(failure: Machine["error"]): string {
  if (failure === null) return "";
  const lines = (failure.lines ?? []).map((line) => `  | ${oneLine(line)}`);
  return [clean(failure.message), ...lines].join("\n");
}

/** A machine with everything that is known of it, and the attempt to bring it up where that is not over. */
export function machineText({ machine, provision }: OrgMachine, slug: string, paint: Paint): string {
  const parts: string[] = [];
  if (machine !== null) parts.push(columns(rowsOf(machine)).join("\n"));
  if (machine !== null && machine.error !== null) parts.push(failureText(machine.error));
  if (provision !== null && provision.state !== "done") {
    parts.push([`provision ${provision.state}`, ...provision.steps.map((step) => stepText(step, paint))].join("\n"));
    if (provision.error !== null) parts.push(failureText(provision.error));
  }
  if (parts.length === 0) return `${slug} has no machine: its scripts answer. Give it one: \`isola machines create\`.`;
  return parts.join("\n\n");
}

function rowsOf(machine: Machine): string[][] {
  const { spec } = machine;
  const rows = [
    ["id", machine.id],
    ["driver", machine.driver],
    ["state", `${machine.state} since ${formatTime(machine.stateAt)}`],
    ["health", machine.health],
    ["origin", machine.origin ?? "-"],
    ["image", spec.image ?? "-"],
    ["size", spec.size ?? "-"],
    ["region", machine.region ?? "-"],
    ["volume", spec.volumeGb === undefined ? "-" : `${spec.volumeGb} GB`],
    ["port", String(spec.port)],
    ["auto-stop", spec.autoStopMinutes === undefined ? "-" : `after ${spec.autoStopMinutes} minutes`],
    ["wakes", spec.wake ? "yes" : "no"],
    ["heartbeat", machine.heartbeatAt === null ? "-" : formatTime(machine.heartbeatAt)],
    ...Object.entries(machine.provider).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  ];
  return rows.map((row) => row.map(oneLine));
}
