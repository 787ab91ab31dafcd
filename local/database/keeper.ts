import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import {
  DATABASE_ANSWER_MS,
  DATABASE_BEAT_INTERVAL_MS,
  DATABASE_CLOSE_MS,
  DATABASE_RESTART_MS_MAX,
} from "../../contracts/limits.ts";
import type { FromWorker, ToWorker, WorkerPlan } from "./worker-messages.ts";

/** A database thread could not do its task. */
class WorkerFailure extends Error {
  override readonly name = "WorkerFailure";
  readonly code: string | undefined;

  constructor(reason: string, code?: string) {
    super(reason);
    this.code = code;
  }
}

/** What a serving thread said when it began to. */
type Ready = FromWorker & { type: "ready" };

/** A thread that serves until it is closed; one that ends by itself is replaced. */
export interface KeptWorker {
  ready: Ready;
  close(): Promise<void>;
}

type Serving = WorkerPlan & { task: "embedded" | "relay" };

const startWorker = (plan: WorkerPlan): Worker =>
  new Worker(new URL("worker.ts", import.meta.url), { workerData: plan });

/** Runs a thread to its end. @throws WorkerFailure with what it said. */
export async function runWorker(plan: WorkerPlan): Promise<void> {
  const worker = startWorker(plan);
  let failure: WorkerFailure | undefined;
  worker.on("message", (said: FromWorker) => {
    if (said.type === "failed") failure = new WorkerFailure(said.reason, said.code);
  });
  worker.on("error", (error: Error) => (failure = new WorkerFailure(error.message)));
  await exitOf(worker);
  if (failure !== undefined) throw failure;
}

/**
 * Starts a serving thread and keeps one running: a new one takes the ports of one that ended or that gives no
 * sign of life.
 *
 * @param onReplaced told why a thread is replaced.
 * @throws WorkerFailure when the first one cannot serve.
 */
export async function keepWorker(plan: Serving, onReplaced: (reason: string) => void): Promise<KeptWorker> {
  let current = await serve(plan);
  const { ready } = current;
  let isClosing = false;

  const keep = async (): Promise<void> => {
    for (let failures = 0; ;) {
      const reason = await current.ended;
      if (isClosing) return;
      onReplaced(reason);
      for (;;) {
        try {
          current = await serve({ ...plan, ports: ready.ports });
          failures = 0;
          break;
        } catch (error) {
          if (isClosing) return;
          onReplaced(error instanceof Error ? error.message : String(error));
          await pause(Math.min(100 * 2 ** failures++, DATABASE_RESTART_MS_MAX), undefined, { ref: false });
        }
      }
      if (isClosing) return current.close();
    }
  };
  const kept = keep();

  return {
    ready,
    close: async () => {
      isClosing = true;
      await current.close();
      await kept;
    },
  };
}

interface ServingWorker {
  ready: Ready;
  /** Why it ended, once it did. */
  ended: Promise<string>;
  close(): Promise<void>;
}

async function serve(plan: Serving): Promise<ServingWorker> {
  const worker = startWorker(plan);
  let reason = "the database thread ended";
  let lastSignAt = Date.now();
  let onReady: (ready: Ready) => void;
  const ready = new Promise<Ready>((resolve) => (onReady = resolve));
  worker.on("message", (said: FromWorker) => {
    lastSignAt = Date.now();
    if (said.type === "ready") onReady(said);
  });
  let code: string | undefined;
  worker.on("message", (said: FromWorker) => {
    if (said.type === "failed") [reason, code] = [said.reason, said.code];
  });
  // An error that nothing caught; `exit` follows it.
  worker.on("error", (error: Error) => (reason = error.message));
  const ended = exitOf(worker).then(() => reason);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  const tell = (what: ToWorker): void => worker.postMessage(what);

  const first = await Promise.race([ready, ended]);
  if (typeof first === "string") throw new WorkerFailure(first, code);
  const beats = setInterval(() => {
    if (Date.now() - lastSignAt > DATABASE_ANSWER_MS) {
      reason = `no sign of life for ${DATABASE_ANSWER_MS} ms`;
      void worker.terminate();
    } else tell("beat");
  }, DATABASE_BEAT_INTERVAL_MS).unref();
  void ended.finally(() => clearInterval(beats));
  return {
    ready: first,
    ended,
    close: async () => {
      tell("close");
      const tooLong = setTimeout(() => void worker.terminate(), DATABASE_CLOSE_MS);
      await ended;
      clearTimeout(tooLong);
    },
  };
}

const exitOf = (worker: Worker): Promise<void> => new Promise((resolve) => worker.once("exit", () => resolve()));
