import { PlatformError } from "../../contracts/errors.ts";
import type { DeliverRequest, DeliverResult } from "../../contracts/events/dispatch.ts";
import type { IsolaEvent } from "../../contracts/events/event.ts";
import type { Outside } from "../dispatcher/outside.ts";

/** What an edge of the tests does with a run. */
type Behaviour = (event: IsolaEvent, request: DeliverRequest) => DeliverResult | Promise<DeliverResult>;

/** A success without anything to say. */
export const ok = (more: Partial<Extract<DeliverResult, { outcome: "ok" }>> = {}): DeliverResult => ({
  outcome: "ok",
  executionId: `exe_${(executions += 1)}`,
  durationMs: 1,
  acks: null,
  response: null,
  ...more,
});

/** A script that threw. */
export const failed = (message = "boom"): DeliverResult => ({
  outcome: "failed",
  executionId: `exe_${(executions += 1)}`,
  durationMs: 1,
  code: "script_error",
  message,
});

export const saturated = (retryAfterMs = 0): DeliverResult => ({ outcome: "saturated", retryAfterMs });

let executions = 0;

/** An edge in memory that does as it is told; shared by the tests and the objects they make. */
class EdgePlayground {
  /** By org; an org without one succeeds at everything. */
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #requests = new Map<string, DeliverRequest[]>();
  readonly #underWay = new Map<string, number>();
  readonly #most = new Map<string, number>();
  readonly #held = new Set<string>();

  /** Slugs that it was to get ready for, in order. */
  readonly warmed: string[] = [];

  behave(orgId: string, behaviour: Behaviour): void {
    this.#behaviours.set(orgId, behaviour);
  }

  /** All it was asked for, in order. */
  requests(orgId: string): DeliverRequest[] {
    return this.#requests.get(orgId) ?? [];
  }

  /** The events of that. */
  events(orgId: string): IsolaEvent[] {
    return this.requests(orgId).flatMap(({ work }) => (work.type === "event" ? [work.event] : []));
  }

  /** Most that were under way at once. */
  most(orgId: string): number {
    return this.#most.get(orgId) ?? 0;
  }

  /** Has {@link whileHeld} wait, until it is released. */
  hold(name: string): void {
    this.#held.add(name);
  }

  release(name: string): void {
    this.#held.delete(name);
  }

  /** Polled, for a promise made in a test does not wake an object that waits for it. */
  async whileHeld(name: string): Promise<void> {
    while (this.#held.has(name)) await scheduler.wait(5);
  }

  async deliver(request: DeliverRequest, tick: () => Promise<void>): Promise<DeliverResult> {
    const { orgId, work } = request;
    const requests = this.requests(orgId);
    this.#requests.set(orgId, requests);
    requests.push(request);
    const underWay = (this.#underWay.get(orgId) ?? 0) + 1;
    this.#underWay.set(orgId, underWay);
    this.#most.set(orgId, Math.max(underWay, this.most(orgId)));
    try {
      await tick();
      const behaviour = this.#behaviours.get(orgId) ?? (() => ok());
      return await behaviour(work.type === "event" ? work.event : NO_EVENT, request);
    } finally {
      this.#underWay.set(orgId, (this.#underWay.get(orgId) ?? 1) - 1);
    }
  }
}

const NO_EVENT: IsolaEvent = {
  id: "",
  trigger: { id: "", name: "" },
  attempt: 0,
  depth: 0,
  at: 0,
  causedBy: null,
  data: { kind: "pubsub", topic: "", messageId: "", value: null },
};

export const edge = new EdgePlayground();

/** A connection that broke while the script was running. */
export const lost = (): PlatformError =>
  new PlatformError("unavailable", "The edge does not answer right now.", { retryAfterSeconds: 1 });

/** An edge that nobody could reach. */
export const unreached = (): PlatformError =>
  new PlatformError("unavailable", "The edge does not answer right now.", { retryAfterSeconds: 1, begun: false });

/** The outside of one object. Answers come in a later turn, as over a wire, and those to one turn come together. */
export function edgeOutside(): Outside {
  let turn: Promise<void> | null = null;
  const tick = (): Promise<void> => {
    turn ??= scheduler.wait(0).then(() => {
      turn = null;
    });
    return turn;
  };
  return {
    deliver: (request) => edge.deliver(request, tick),
    warm: async (slug) => void edge.warmed.push(slug),
    configuration: async (orgId) => {
      return { orgId, slug: "asked-for", revision: 0, resting: false, triggers: [], signingSecrets: {} };
    },
    chance: () => 0,
  };
}
