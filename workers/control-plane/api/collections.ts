import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { auditLater } from "../audit/write.ts";
import { actorOf } from "../auth/principal.ts";
import { Mounts } from "../mount.ts";
import { requireConfirmed } from "./confirm.ts";

/** Collections as such, of either kind. */
export const collections = new Mounts()
  .add(ENDPOINTS.getCollection, async ({ scope, access, params }) => {
    const { kind, collection: name } = params;
    const stats = await scope.state.collectionStats(access.org.id, kind, name);
    return { kind, name, ...(stats ?? absent(kind, name)) };
  })
  .add(ENDPOINTS.deleteCollection, async ({ scope, principal, access, params, query }) => {
    const { id } = access.org;
    const { kind, collection } = params;
    requireConfirmed(query.confirm, collection, "remove all that is in the collection");
    if (!(await scope.state.dropCollection(id, kind, collection))) return absent(kind, collection);
    const details = { kind };
    auditLater(scope, { actor: actorOf(principal), action: "collection.drop", target: collection, orgId: id, details });
    return undefined;
  });

function absent(kind: string, name: string): never {
  throw new PlatformError("not_found", `There is no ${kind} collection ${JSON.stringify(name)} in this org.`);
}
