import { eq } from "drizzle-orm";

import { encodeComment, encodeEvent } from "../../../contracts/event-stream.ts";
import {
  PROGRESS_LOOK_MS,
  PROGRESS_RIGHTS_MS,
  TAIL_LIFE_MS,
  TAIL_PING_INTERVAL_MS,
} from "../../../contracts/limits.ts";
import { isAtRest } from "../../../contracts/machine-life.ts";
import type { OrgState } from "../../../contracts/projection.ts";
import type { Principal } from "../auth/principal.ts";
import { stillMay } from "../auth/still-may.ts";
import { org } from "../database/schema.ts";
import type { ControlPlaneEnv } from "../env.ts";
import { Scope } from "../scope.ts";
import { orgMachineOf } from "./show.ts";

/** Pause after which a reader whose stream broke off comes again, in milliseconds. */
const RETRY_MS = 1_000;

type Shown = Awaited<ReturnType<typeof orgMachineOf>> & { state: OrgState | "gone" };

/**
 * Server-sent events of how an org's machine comes up or goes: `progress` whenever something changed, and `end` when
 * nothing more will by itself. It looks while somebody listens who still may, and no longer than a tail lives.
 */
export function followMachine(env: ControlPlaneEnv, principal: Principal, orgId: string): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  const scope = new Scope(env);
  const endsAt = Date.now() + TAIL_LIFE_MS;
  let told: string | null = null;
  let toldAt = Date.now();
  let allowedAt = Date.now();

  /** What to tell now; null for nothing. */
  const look = async (): Promise<{ chunk: string | null; isOver: boolean }> => {
    const now = Date.now();
    if (now - allowedAt >= PROGRESS_RIGHTS_MS) {
      if (!(await stillMay(scope, principal, orgId, "machines:read"))) return { chunk: null, isOver: true };
      allowedAt = now;
    }
    const shown = await shownNow(scope, orgId);
    const isOver = stands(shown) || now >= endsAt;
    const isNews = JSON.stringify(shown) !== told;
    told = JSON.stringify(shown);
    const events = [...(isNews ? ["progress"] : []), ...(isOver ? ["end"] : [])];
    if (events.length > 0)
      return { chunk: events.map((type) => encodeEvent(type, { type, ...shown })).join(""), isOver };
    return { chunk: now - toldAt >= TAIL_PING_INTERVAL_MS ? encodeComment("ping") : null, isOver };
  };

  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(text.encode(`retry: ${RETRY_MS}\n${encodeComment("connected")}`)),
    async pull(controller) {
      try {
        for (;;) {
          if (told !== null) await new Promise((done) => setTimeout(done, PROGRESS_LOOK_MS));
          const { chunk, isOver } = await look();
          if (chunk !== null) controller.enqueue(text.encode(chunk));
          if (chunk !== null) toldAt = Date.now();
          if (isOver) {
            controller.close();
            await scope.close();
          }
          if (chunk !== null || isOver) return;
        }
      } catch (error) {
        await scope.close();
        throw error;
      }
    },
    cancel: () => scope.close(),
  });
}

async function shownNow(scope: Scope, orgId: string): Promise<Shown> {
  const [[owner], shown] = await Promise.all([
    scope.database.select({ state: org.state }).from(org).where(eq(org.id, orgId)),
    orgMachineOf(scope, orgId),
  ]);
  return { state: owner?.state ?? "gone", ...shown };
}

/** Whether nothing more happens by itself. */
function stands({ state, machine, provision }: Shown): boolean {
  if (state === "gone") return true;
  const isUnderWay = provision?.state === "running" || provision?.state === "compensating";
  return !isUnderWay && (machine === null || isAtRest(machine.state));
}
