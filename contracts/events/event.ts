import type { DocsOperation, KvOperation } from "./trigger.ts";

/** What happened, as the handler of each kind reads it. Values are those of JSON. */
export type EventData =
  | {
      kind: "kv";
      collection: string;
      key: string;
      operation: KvOperation;
      /** The value before; absent where there was none. */
      prev?: unknown;
      /** The value after; absent where there is none. */
      next?: unknown;
      version: number;
    }
  | {
      kind: "docs";
      collection: string;
      id: string;
      operation: DocsOperation;
      prev?: unknown;
      next?: unknown;
      version: number;
    }
  /** `scheduledAt` is when it was due, in epoch milliseconds; `missed` counts due times that were slept through. */
  | { kind: "cron"; schedule: string; timeZone: string; scheduledAt: number; missed: number }
  | { kind: "queue"; queue: string; messages: QueueMessage[] }
  | { kind: "pubsub"; topic: string; messageId: string; value: unknown }
  /**
   * `body` is parsed where `contentType` is JSON, else text, or base 64 where it is no text, as `bodyEncoding` then
   * says; `headers` are the lower-case ones that are not secret.
   */
  | {
      kind: "webhook";
      messageId: string;
      timestamp: number;
      contentType: string;
      headers: Record<string, string>;
      body: unknown;
      bodyEncoding?: "base64";
    }
  | {
      kind: "dead_letter";
      deadLetterId: string;
      /** The trigger that gave up. */
      trigger: { id: string; name: string };
      error: { code: string; message: string };
      attempts: number;
      event: EventData;
    };

interface QueueMessage {
  id: string;
  /** Epoch milliseconds. */
  timestamp: number;
  /** 1 for the first time. */
  attempts: number;
  value: unknown;
}

/** What the handler is called with. */
export interface IsolaEvent {
  /** The same at every attempt, and for nothing else: remember it to do a thing once. */
  id: string;
  trigger: { id: string; name: string };
  /** 1 for the first time. */
  attempt: number;
  /** Events in a row that led here; the platform ends a chain that grows too long. */
  depth: number;
  /** When it happened, in epoch milliseconds. */
  at: number;
  /** The run that caused it; null where none did. */
  causedBy: string | null;
  data: EventData;
}
