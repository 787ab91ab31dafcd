import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { actorOf } from "../auth/principal.ts";
import { openHost } from "../hand-over/sessions.ts";
import { rotateSigningKeys } from "../hand-over/signing-keys.ts";
import { Mounts } from "../mount.ts";

/** People at orgs' own hosts, and the keys that vouch for them there. */
export const open = new Mounts()
  .add(
    ENDPOINTS.signInToOrg,
    ({ scope, principal, access, body }) => openHost(scope, principal, access, body?.to ?? "/"),
    { secretAnswer: true },
  )
  .add(ENDPOINTS.rotateSigningKeys, async ({ scope, principal, body }) => {
    const rows = await rotateSigningKeys(scope, actorOf(principal), body?.revoke === true);
    const items = rows.map(({ id, activeFrom, expiresAt }) => ({
      id,
      activeFrom: activeFrom.getTime(),
      expiresAt: expiresAt.getTime(),
    }));
    return { items };
  });
