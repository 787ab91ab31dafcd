import { and, gt, ne } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import { PAGE_SIZE_DEFAULT } from "../../../contracts/limits.ts";
import type { SecretSummary } from "../../../contracts/secrets.ts";
import { audit, auditLater } from "../audit/write.ts";
import { actorOf } from "../auth/principal.ts";
import { org } from "../database/schema.ts";
import { Mounts } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { type RouteNames, routeNames, scriptNamed } from "./names.ts";
import { keyOfCursor, pageOfRows } from "./page.ts";

/** Secrets of an org. Values come in and never go out, nor into the audit log. */
export const secrets = new Mounts()
  .add(ENDPOINTS.listSecrets, async ({ scope, access }) => {
    const { id } = access.org;
    const [found, names] = await Promise.all([scope.state.listSecrets(id), routeNames(scope, id)]);
    return { items: found.map((secret) => toSecret(secret, names)), cursor: null };
  })
  .add(ENDPOINTS.getSecret, async ({ scope, access, params, query }) => {
    const { id } = access.org;
    const scriptId = await scriptIdOf(scope, id, query.script);
    const [found, names] = await Promise.all([scope.state.listSecrets(id), routeNames(scope, id)]);
    const secret = found.find((each) => each.name === params.name && each.scriptId === scriptId);
    return toSecret(secret ?? absent(params.name, query.script), names);
  })
  .add(ENDPOINTS.putSecret, async ({ scope, principal, access, params, body }) => {
    const { id } = access.org;
    const script = body.script === undefined ? null : await scriptNamed(scope, id, body.script);
    if (script?.kind === "module") throw ofModule(script.name);
    const input = { name: params.name, scriptId: script?.id ?? null, value: body.value };
    const { secret, created } = await scope.state.setSecret(id, input);
    const details = { script: script?.name ?? null, created };
    auditLater(scope, { actor: actorOf(principal), action: "secret.set", target: params.name, orgId: id, details });
    return toSecret(secret, new Map(script === null ? [] : [[script.id, script.name]]));
  })
  .add(ENDPOINTS.deleteSecret, async ({ scope, principal, access, params, query }) => {
    const { id } = access.org;
    const scriptId = await scriptIdOf(scope, id, query.script);
    if (!(await scope.state.deleteSecret(id, params.name, scriptId))) return absent(params.name, query.script);
    const details = { script: query.script ?? null };
    auditLater(scope, { actor: actorOf(principal), action: "secret.delete", target: params.name, orgId: id, details });
    return undefined;
  })
  .add(ENDPOINTS.rewrapSecrets, async ({ scope, principal, body }) => {
    const limit = body.limit ?? PAGE_SIZE_DEFAULT;
    const after = keyOfCursor(body.cursor);
    const found = await scope.database
      .select({ id: org.id })
      .from(org)
      .where(and(ne(org.state, "destroying"), after === null ? undefined : gt(org.id, after)))
      .orderBy(org.id)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, ({ id }) => id);
    let rewrapped = 0;
    for (const { id } of rows) rewrapped += await rewrap(scope, id);
    const details = { orgs: rows.length, rewrapped };
    await audit(scope.database, scope, {
      actor: actorOf(principal),
      action: "secrets.rewrap",
      target: "platform",
      details,
    });
    return { ...details, cursor };
  });

/** How many secrets of an org were sealed anew; an org that is gone, or was never opened, has none. */
async function rewrap(scope: Scope, orgId: string): Promise<number> {
  try {
    return (await scope.state.rewrapSecrets(orgId)).rewrapped;
  } catch (error) {
    const code = platformErrorOf(error)?.code;
    if (code === "not_found" || code === "gone") return 0;
    throw error;
  }
}

async function scriptIdOf(scope: Scope, orgId: string, script: string | undefined): Promise<string | null> {
  return script === undefined ? null : (await scriptNamed(scope, orgId, script)).id;
}

function toSecret({ scriptId, ...secret }: SecretSummary, names: RouteNames) {
  return { ...secret, script: scriptId === null ? null : { id: scriptId, name: names.get(scriptId) ?? "" } };
}

function ofModule(name: string): PlatformError {
  const reason = "is a module, which runs as part of the scripts that import it. Set the secret for those, or for all.";
  return new PlatformError("invalid", `The script ${JSON.stringify(name)} ${reason}`, {
    issues: [{ field: "script", reason }],
  });
}

function absent(name: string, script: string | undefined): never {
  const whose = script === undefined ? "this org" : `the script ${script}`;
  throw new PlatformError("not_found", `There is no secret ${name} of ${whose}. \`isola secrets list\` shows them.`);
}
