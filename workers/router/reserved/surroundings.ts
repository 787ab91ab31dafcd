import type { IRequest } from "itty-router";

import { PlatformError } from "../../../contracts/errors.ts";
import type { RunResult } from "../dispatch/run.ts";
import type { RouterContext, RouterEnv } from "../env.ts";
import type { ResolvedOrg } from "../resolve/org.ts";

/** What a handler of the reserved surface is given besides the request. */
export interface Surroundings {
  original: Request;
  org: ResolvedOrg;
  env: RouterEnv;
  ctx: RouterContext;
  finish: (result: RunResult) => Response;
}

export type Handler = (request: IRequest, surroundings: Surroundings) => Promise<Response>;

/** Answers whoever comes by another method. */
export const only = (method: string) => (): never => {
  throw new PlatformError("method_not_allowed", `Use ${method} here.`, { allow: [method] });
};
