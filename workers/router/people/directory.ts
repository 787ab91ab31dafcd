import type { HandOverDoor } from "../../../contracts/hand-over.ts";
import { guard } from "../../../contracts/rpc/guard.ts";
import { DIRECTORY_RULES } from "../../../contracts/rpc/rules.ts";
import type { RouterEnv } from "../env.ts";

/** The directory's door for people, with deadlines. */
export const handOverDoor = (env: Pick<RouterEnv, "DIRECTORY">): HandOverDoor =>
  guard(env.DIRECTORY, "The control plane", DIRECTORY_RULES);
