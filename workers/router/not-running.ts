import { standingRefusal } from "./admission/standing.ts";
import { findProgress } from "./machines/progress.ts";
import { refuse } from "./pages/respond.ts";
import { wait } from "./pages/wait.ts";
import type { RouterEnv } from "./env.ts";
import type { ResolvedOrg } from "./resolve/org.ts";

/** What the host of an org answers that is not running: that it is on its way, or why it is not. */
export async function notRunning(request: Request, { projection }: ResolvedOrg, env: RouterEnv): Promise<Response> {
  const { orgId, slug, state } = projection;
  const refusal = standingRefusal(projection);
  if (refusal === null) throw new TypeError("The org is running.");
  if (state !== "provisioning" && state !== "starting") return refuse(request, refusal);
  const progress = await findProgress(orgId, env, Date.now());
  return wait(request, { slug, state, message: refusal.message, progress });
}

/** Whether a path is answered while the org is not running: that the platform is there, and which. */
export const answersStill = ({ projection }: ResolvedOrg, target: string): boolean =>
  projection.state !== "destroying" && /^\/\.isola\/(?:healthz|version)(?:\?|$)/.test(target);
