import { WorkerEntrypoint } from "cloudflare:workers";

import { PlatformError, platformErrorOf, type ErrorDetails } from "../../../contracts/errors.ts";
import { runTable, spend } from "../dispatch/run-table.ts";
import type { HolderProps, RouterContext, RouterEnv } from "../env.ts";
import { AREAS } from "./areas.ts";

/** What a call comes to, as the isolate is told: never an exception, so that nothing of ours shows. */
type Answered = { ok: true; value: unknown } | { ok: false; code: string; message: string; details: ErrorDetails };

/**
 * The one capability by which a script calls the platform. A tenant's code can call it with anything, so everything
 * is parsed; the org is the tenant's own by props, and each call is paid for by a run that is alive.
 */
export class Platform extends WorkerEntrypoint<RouterEnv, HolderProps> {
  async call(executionId: unknown, name: unknown, call: unknown): Promise<Answered> {
    try {
      const holder = this.ctx.props;
      const caller = runTable.find(holder, executionId, Date.now());
      if (caller === null) throw new PlatformError("gone", "The run that calls is over.");
      spend(caller, "capabilityCalls", 1);
      const area = typeof name === "string" ? AREAS.get(name) : undefined;
      if (area === undefined) throw new PlatformError("invalid", "The platform has nothing by this name for scripts.");
      const ctx = this.ctx as unknown as RouterContext;
      return { ok: true, value: await area(call, { holder, caller, env: this.env, ctx }) };
    } catch (error) {
      const known = platformErrorOf(error);
      if (known !== null) return { ok: false, code: known.code, message: known.message, details: known.details };
      console.error("platform:", error);
      return { ok: false, code: "internal", message: "Something went wrong on our side.", details: {} };
    }
  }
}
