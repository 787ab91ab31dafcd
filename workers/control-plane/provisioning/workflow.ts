import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

import type { ControlPlaneEnv } from "../env.ts";
import { reportFailure } from "../report.ts";
import { Scope } from "../scope.ts";
import { noteBegun, noteEnded, type Run, type Told } from "./run.ts";
import { takeTurn } from "./saga.ts";
import { leavePlace, type Place, takePlace } from "./slots.ts";

/**
 * How the engine takes a turn that did not come to an end, because the database or an object did not answer: what a
 * provider does is the saga's to judge, and is never an error here.
 */
const TURN = { retries: { limit: 20, delay: "2 seconds", backoff: "constant" }, timeout: "5 minutes" } as const;

/**
 * Gives one org its machine, a step of the engine for each step of the provision. The journal in the database is the
 * truth, so a run that starts from the beginning, without any memory of an earlier one, goes on where that one stopped.
 */
export class Provisioning extends WorkflowEntrypoint<ControlPlaneEnv, Run> {
  override async run({ payload: run }: Readonly<WorkflowEvent<Run>>, step: WorkflowStep): Promise<void> {
    noteBegun(run);
    const means = new Means(this.env);
    try {
      let told: Told = { next: "credentials", afterMs: 0 };
      let undoing = 0;
      while (told.next !== null) {
        undoing = told.next === "compensate" ? undoing + 1 : 0;
        const times = undoing;
        if (told.afterMs > 0) {
          await means.close();
          await step.sleep(`before ${told.next}`, told.afterMs);
        }
        told = await step.do(told.next, TURN, () => means.use((scope) => takeTurn(scope, run, times)));
      }
    } finally {
      await means.close();
      noteEnded(run);
    }
  }
}

/** What turns that follow each other without a pause share: a place at the providers, and a connection to the database. */
class Means {
  readonly #env: ControlPlaneEnv;
  #place: Place | null = null;
  #scope: Scope | null = null;

  constructor(env: ControlPlaneEnv) {
    this.#env = env;
  }

  async use(work: (scope: Scope) => Promise<Told>): Promise<Told> {
    this.#place ??= await takePlace();
    this.#scope ??= new Scope(this.#env);
    const scope = this.#scope;
    try {
      return await work(scope);
    } catch (error) {
      reportFailure(scope.requestId, "a turn of a provision will be taken again", error);
      // The engine pauses before it does, and the connection may be what failed.
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const [scope, place] = [this.#scope, this.#place];
    this.#scope = null;
    this.#place = null;
    if (place !== null) leavePlace(place);
    await scope?.close();
  }
}
