import { createHash } from "node:crypto";

import { type ErrorCode, PlatformError } from "../../contracts/errors.ts";
import type { Upload } from "../deploy/upload.ts";

/** What happens while somebody develops, as it is told to them. */
export type DevEvent =
  | { type: "live"; live: Live; sizeBytes: number; durationMs: number; warnings: string[] }
  /** The code is wrong, or refused; what was live before still is. */
  | { type: "refused"; error: PlatformError; live: Live | null }
  /** The platform cannot be reached; it is tried again. */
  | { type: "waiting"; error: PlatformError }
  /** The log is not shown, for this reason. */
  | { type: "unlogged"; error: PlatformError }
  /** The code is again what is live already. */
  | { type: "unchanged"; live: Live };

/** A version that is live, and where it answers. */
export interface Live {
  script: string;
  version: number;
  urls: string[];
}

/** What the loop needs of the world. */
export interface DevWorld {
  /** Makes an upload of the code as it is now. Throws PlatformError when it cannot be one. */
  build: () => Promise<Upload>;
  /** Makes an upload live. Throws PlatformError when it is refused or nobody answers. */
  publish: (upload: Upload) => Promise<Live>;
  /** Waits for a save; answers when it began (of `performance.now()`), or null after `timeoutMs` or at the end. */
  nextChange: (timeoutMs?: number) => Promise<number | null>;
  /** Whether a save waits already. */
  hasChanged: () => boolean;
  tell: (event: DevEvent) => void;
  signal: AbortSignal;
}

/** How often code that cannot be built is looked at although nothing was heard, in milliseconds. */
const LOOK_AGAIN_MS = 1_000;
/** First and longest pause before a platform that does not answer is tried again, in milliseconds. */
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 3_000;

const WAITING = "waiting";

const UNREACHABLE: ReadonlySet<ErrorCode> = new Set(["unavailable", "timeout", "too_many_requests"]);
const HOPELESS: ReadonlySet<ErrorCode> = new Set(["unauthenticated", "forbidden", "not_found", "gone"]);

/**
 * Keeps what is live in step with the code until the signal aborts. Saves that come while one is
 * being sent are taken together.
 * @throws PlatformError when going on makes no sense, such as a revoked key.
 */
export async function develop(world: DevWorld): Promise<void> {
  const { signal, nextChange } = world;
  const step = stepper(world);
  let change: Change = { startedAt: performance.now(), saved: true };
  while (!signal.aborted) {
    const { waitMs, pending } = await step(change);
    const savedAt = await nextChange(waitMs ?? Infinity);
    if (savedAt !== null) change = { startedAt: savedAt, saved: true };
    else change = { startedAt: pending ? change.startedAt : performance.now(), saved: false };
  }
}

interface Change {
  /** Of `performance.now()`. */
  startedAt: number;
  /** False when nothing was heard and it is only looked again. */
  saved: boolean;
}

interface Next {
  /** How long to wait for a save before looking again; undefined for ever. */
  waitMs?: number | undefined;
  /** Whether this change still waits to go live. */
  pending: boolean;
}

/** One pass from the code to what is live, and what it remembers from pass to pass. */
function stepper({ build, publish, hasChanged, tell, signal }: DevWorld): (change: Change) => Promise<Next> {
  let live: Live | null = null;
  let sent: string | null = null;
  /** What is wrong at the moment; it is said once. */
  let trouble: string | null = null;
  let retryMs = RETRY_MS_MIN;

  const refuse = (error: PlatformError, saved: boolean): void => {
    // Of a file that was caught between being emptied and being written, say; what comes next counts.
    if (hasChanged()) return;
    const text = JSON.stringify([error.message, error.details.issues]);
    if (saved || trouble !== text) tell({ type: "refused", error, live });
    trouble = text;
  };

  const retryLater = (error: PlatformError): Next => {
    if (trouble !== WAITING) tell({ type: "waiting", error });
    trouble = WAITING;
    const waitMs = retryMs;
    retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
    return { waitMs, pending: true };
  };

  const send = async (upload: Upload, { startedAt, saved }: Change): Promise<Next> => {
    const content = contentOf(upload);
    if (live !== null && content === sent) {
      if (trouble !== null) tell({ type: "unchanged", live });
    } else {
      const answer = await settle(publish(upload), signal);
      if (signal.aborted) return { pending: false };
      if (answer instanceof PlatformError) {
        if (HOPELESS.has(answer.code)) throw answer;
        if (isUnreachable(answer)) return retryLater(answer);
        refuse(answer, saved);
        return { pending: false };
      }
      live = answer;
      sent = content;
      const durationMs = Math.round(performance.now() - startedAt);
      tell({ type: "live", live, sizeBytes: upload.sizeBytes, durationMs, warnings: upload.warnings });
    }
    trouble = null;
    retryMs = RETRY_MS_MIN;
    return { pending: false };
  };

  return async (change) => {
    const upload = await settle(build(), signal);
    if (signal.aborted) return { pending: false };
    if (!(upload instanceof PlatformError)) return send(upload, change);
    refuse(upload, change.saved);
    return { waitMs: LOOK_AGAIN_MS, pending: false };
  };
}

/** Whether an error says that the platform could not be asked, rather than that it said no. */
export const isUnreachable = (error: PlatformError): boolean => UNREACHABLE.has(error.code);

/** A refusal as a value, and so is work that was cut off by the end; a bug is thrown on. */
async function settle<T>(work: Promise<T>, signal: AbortSignal): Promise<T | PlatformError> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof PlatformError) return thrown;
    if (signal.aborted) return new PlatformError("unavailable", "The command was ended.");
    throw thrown;
  }
}

const contentOf = (upload: Upload): string =>
  createHash("sha256")
    .update(JSON.stringify([upload.files, upload.main, upload.sourceMap]))
    .digest("hex");
