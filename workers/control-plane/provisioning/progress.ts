import { eq } from "drizzle-orm";

import { encodeComment, encodeEvent } from "../../../contracts/event-stream.ts";
import { isAtRest } from "../../../contracts/machine-life.ts";
import { PROGRESS_LOOK_MS, TAIL_LIFE_MS, TAIL_PING_INTERVAL_MS } from "../../../contracts/limits.ts";
import type { OrgState } from "../../../contracts/projection.ts";
import { org } from "../database/schema.ts";
import type { ControlPlaneEnv } from "../env.ts";
import { Scope } from "../scope.ts";
import { orgMachineOf } from "./show.ts";

/** Pause after which a reader whose stream broke off comes again, in milliseconds. */
const RETRY_MS = 1_000;

type Shown = Awaited<ReturnType<typeof orgMachineOf>> & { state: OrgState | "gone" };

/**
 * Server-sent events of how an org's machine comes up or goes: `progress` whenever something changed, and `end` when
 * nothing more will by itself. It looks while somebody listens, and no longer than a tail lives.
 */
export function followMachine(env: ControlPlaneEnv, orgId: string): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  const scope = new Scope(env);
  const endsAt = Date.now() + TAIL_LIFE_MS;
  let told: string | null = null;
  let toldAt = Date.now();
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(text.encode(`retry: ${RETRY_MS}\n${encodeComment("connected")}`)),
    async pull(controller) {
      try {
        for (;;) {
          if (told !== null) await new Promise((done) => setTimeout(done, PROGRESS_LOOK_MS));
          const shown = await look(scope, orgId);
          const isOver = stands(shown) || Date.now() >= endsAt;
          const now = JSON.stringify(shown);
          if (now !== told || isOver) {
            if (now !== told) controller.enqueue(text.encode(encodeEvent("progress", { type: "progress", ...shown })));
            if (isOver) controller.enqueue(text.encode(encodeEvent("end", { type: "end", ...shown })));
            if (isOver) controller.close();
            if (isOver) await scope.close();
            told = now;
            toldAt = Date.now();
            return;
          }
          if (Date.now() - toldAt >= TAIL_PING_INTERVAL_MS) {
            controller.enqueue(text.encode(encodeComment("ping")));
            toldAt = Date.now();
            return;
          }
        }
      } catch (error) {
        await scope.close();
        throw error;
      }
    },
    cancel: () => scope.close(),
  });
}

async function look(scope: Scope, orgId: string): Promise<Shown> {
  const [[owner], shown] = await Promise.all([
    scope.database.select({ state: org.state }).from(org).where(eq(org.id, orgId)),
    orgMachineOf(scope, orgId),
  ]);
  return { state: owner?.state ?? "gone", ...shown };
}

function stands({ state, machine, provision }: Shown): boolean {
  if (state === "gone") return true;
  const isUnderWay = provision?.state === "running" || provision?.state === "compensating";
  return !isUnderWay && (machine === null || isAtRest(machine.state));
}
