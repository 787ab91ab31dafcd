import { audit } from "../audit/write.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import type { Queries } from "../database/connect.ts";
import { platformSettings } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { revokeSignUps } from "./invitations.ts";

type Settings = Pick<typeof platformSettings.$inferSelect, "signUp" | "membersCreateOrgs">;

const DEFAULTS: Settings = { signUp: "invitation", membersCreateOrgs: false };

/** What holds for the whole platform; what nobody has set is closed. */
export const findSettings = (scope: Scope): Promise<Settings> => read(scope.database);

/** Changes that, with a note of who did. Where the platform is closed, links that people asked for end. */
export async function changeSettings(
  scope: Scope,
  principal: Principal,
  patch: { [K in keyof Settings]?: Settings[K] | undefined },
): Promise<Settings> {
  return scope.database.transaction(async (tx) => {
    await tx.insert(platformSettings).values(DEFAULTS).onConflictDoNothing();
    const before = await read(tx, true);
    await tx.update(platformSettings).set(patch);
    if (patch.signUp === "invitation") await revokeSignUps(tx);
    const after = await read(tx);
    const details = { before, after };
    await audit(tx, scope, { actor: actorOf(principal), action: "platform.settings", target: "platform", details });
    return after;
  });
}

async function read(queries: Queries, lock = false): Promise<Settings> {
  const select = queries
    .select({ signUp: platformSettings.signUp, membersCreateOrgs: platformSettings.membersCreateOrgs })
    .from(platformSettings)
    .$dynamic();
  const [row] = await (lock ? select.for("update") : select);
  return row ?? DEFAULTS;
}
