import type { NewAsyncRun } from "./delivery.ts";
import type { IsolaEvent } from "./event.ts";

/** A run that the Dispatcher asks an edge for. */
export interface DeliverRequest {
  orgId: string;
  slug: string;
  scriptId: string;
  /** What the handler is to get; an edge refuses a run whose depth is over the platform's bound. */
  work: { type: "event"; event: IsolaEvent } | { type: "request"; run: NewAsyncRun };
}

/** What became of it. Everything but `saturated` was an attempt. */
export type DeliverResult =
  | {
      outcome: "ok";
      executionId: string;
      durationMs: number;
      /** What a queue handler said of its messages; null for none of that. */
      acks: QueueAcks | null;
      /** The answer to a request; null for an event. */
      response: {
        status: number;
        headers: Record<string, string>;
        body: string;
        bodyEncoding: "utf8" | "base64";
      } | null;
    }
  | {
      outcome: "failed";
      executionId: string | null;
      durationMs: number;
      code: string;
      message: string;
      /** What a queue handler said of its messages before it failed; nothing for none of that. */
      acks?: QueueAcks | null;
    }
  /** No room right now: ask again, and do not count it. */
  | { outcome: "saturated"; retryAfterMs: number }
  /** It must not be tried again: the script or org is gone, or the chain of events is too long. It was written down. */
  | { outcome: "refused"; executionId: string | null; code: string; message: string };

/** What a queue handler says of single messages; those that it does not name go by how the run ended. */
export interface QueueAcks {
  /** Ids. */
  acked: string[];
  retried: { id: string; delayMs: number | null }[];
}
