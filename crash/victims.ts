import { commandOf, descendants, edgesOf } from "../test/support/processes.ts";

/** What is killed. */
export type Victim = "core" | "edge" | "edges" | "launcher";
export const VICTIMS: readonly Victim[] = ["core", "edge", "edges", "launcher"];

const FINDERS: Readonly<Record<Victim, (launcher: number) => number[]>> = {
  launcher: (launcher) => [launcher],
  edges: edgesOf,
  edge: (launcher) => {
    const edges = edgesOf(launcher);
    return edges.slice(Math.floor(Math.random() * edges.length)).slice(0, 1);
  },
  core: (launcher) => {
    const edges = new Set(edgesOf(launcher));
    const isCore = (command: string): boolean => /\bworkerd\b.*\bserve\b/.test(command) && !command.includes("edge");
    return descendants(launcher).filter((pid) => !edges.has(pid) && isCore(commandOf(pid)));
  },
};

/** Processes of a launcher that a victim stands for. */
export const processesOf = (victim: Victim, launcher: number): number[] => FINDERS[victim](launcher);

/** Whether a process is still there. */
export const isAlive = (pid: number): boolean => commandOf(pid) !== "";
