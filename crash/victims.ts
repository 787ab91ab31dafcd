import { commandOf, descendants, edgesOf } from "../test/support/processes.ts";

/** What is killed. */
export type Victim = "core" | "edge" | "edges" | "launcher";
export const VICTIMS: readonly Victim[] = ["core", "edge", "edges", "launcher"];

/** Processes of a launcher that a victim stands for. */
export function processesOf(victim: Victim, launcher: number): number[] {
  switch (victim) {
    case "launcher":
      return [launcher];
    case "edges":
      return edgesOf(launcher);
    case "edge": {
      const edges = edgesOf(launcher);
      const one = edges[Math.floor(Math.random() * edges.length)];
      return one === undefined ? [] : [one];
    }
    case "core": {
      const edges = new Set(edgesOf(launcher));
      return descendants(launcher).filter((pid) => {
        const command = commandOf(pid);
        return !edges.has(pid) && /\bworkerd\b.*\bserve\b/.test(command) && !command.includes("edge");
      });
    }
  }
}

/** Whether a process is still there. */
export const isAlive = (pid: number): boolean => commandOf(pid) !== "";
