import type { ProvisionStep } from "../../../contracts/machines.ts";

/** One run of the workflow for a provision. A run with a smaller attempt than the provision's has been superseded. */
export interface Run {
  provisionId: string;
  attempt: number;
}

/** What a run does next: a step, taking everything down again, or nothing more; and after which pause. */
export interface Told {
  next: ProvisionStep | "compensate" | null;
  afterMs: number;
}

export const at = (next: Told["next"], afterMs = 0): Told => ({ next, afterMs });

/** The run is no longer the provision's: another one has taken over, or it is over. */
export class Superseded extends Error {
  constructor() {
    super("another run has taken over");
    this.name = "Superseded";
  }
}

/**
 * Which runs this isolate has begun, by provision. On one computer a run that is not among them began in an earlier life
 * of the process, which nobody resumes.
 */
const begun = new Map<string, number>();

export const noteBegun = ({ provisionId, attempt }: Run): void => void begun.set(provisionId, attempt);

export function noteEnded({ provisionId, attempt }: Run): void {
  if (begun.get(provisionId) === attempt) begun.delete(provisionId);
}

export const wasBegunHere = ({ provisionId, attempt }: Run): boolean => begun.get(provisionId) === attempt;
