import * as z from "zod";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import type { ScriptSummary, VersionInput } from "../../../contracts/doors.ts";
import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import type { OrgAccess } from "../access.ts";
import { auditLater } from "../audit/write.ts";
import { diffFiles } from "./diff.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import { compileUpload } from "../compile/index.ts";
import { refuse } from "../compile/issues.ts";
import { isNodeBuiltin } from "../compile/node-builtins.ts";
import type { OrgImports } from "../compile/org-modules.ts";
import { orgUrl } from "../env.ts";
import { Mounts } from "../mount.ts";
import { isPackage, PACKAGE_LIST, PACKAGES_ADVICE } from "../packages/index.ts";
import type { Scope } from "../scope.ts";
import { scriptNamed } from "./names.ts";
import { pageRequest } from "./page.ts";
import { Stacks } from "./stacks.ts";
import { filesOf, type Upload } from "./upload.ts";

/** How the state says which imports it refuses. */
const importFaultsSchema = z.object({
  issues: z.array(z.object({ reason: z.string() })),
  imports: z.array(z.object({ module: z.string().nullable(), name: z.string().nullable() })),
});

/** Scripts of an org and their versions. What changes one is live at the edges when it returns. */
export const scripts = new Mounts()
  .add(ENDPOINTS.listScripts, async ({ scope, access, query }) => {
    const page = await scope.state.listScripts(access.org.id, pageRequest(query));
    return { items: page.items.map((script) => toScript(scope, access, script)), cursor: page.cursor };
  })
  .add(ENDPOINTS.createScript, async ({ scope, principal, access, body }) =>
    toScript(scope, access, await save(scope, principal, access, body.name, body, "create")),
  )
  .add(ENDPOINTS.putScript, async ({ scope, principal, access, params, body }) =>
    toScript(scope, access, await save(scope, principal, access, params.name, body, "replace")),
  )
  .add(ENDPOINTS.getScript, async ({ scope, access, params, query }) => {
    const { id } = access.org;
    const script = await scriptNamed(scope, id, params.name);
    const content = await scope.state.versionFiles(id, script.id, query.version ?? null);
    if (content === null) throw new PlatformError("not_found", `${script.name} has no version ${query.version ?? ""}.`);
    const { imports, usedBy } = script;
    return { ...toScript(scope, access, script), ...content, imports, usedBy };
  })
  .add(ENDPOINTS.patchScript, async ({ scope, principal, access, params, body }) => {
    const { id, slug } = access.org;
    const patch = { description: body.description, limits: body.limits };
    const before = await scriptNamed(scope, id, params.name);
    const script = await scope.state.patchScript(id, before.id, patch);
    await scope.edges.forget(slug);
    const entry = { actor: actorOf(principal), action: "script.change", target: script.name, orgId: id };
    auditLater(scope, { ...entry, details: { before: changeable(before), after: changeable(script) } });
    return toScript(scope, access, script);
  })
  .add(ENDPOINTS.deleteScript, async ({ scope, principal, access, params }) => {
    const { id, slug } = access.org;
    const script = await scriptNamed(scope, id, params.name);
    await scope.state.deleteScript(id, script.id);
    await scope.edges.forget(slug);
    const details = { id: script.id, version: script.live.number };
    auditLater(scope, { actor: actorOf(principal), action: "script.delete", target: script.name, orgId: id, details });
    return undefined;
  })
  .add(ENDPOINTS.listVersions, async ({ scope, access, params, query }) => {
    const { id } = access.org;
    const script = await scriptNamed(scope, id, params.name);
    return scope.state.listVersions(id, script.id, pageRequest(query));
  })
  .add(ENDPOINTS.listPackages, async () => ({ items: [...PACKAGE_LIST] }))
  .add(ENDPOINTS.diffScript, async ({ scope, access, params, query }) => {
    const { from, to } = await scope.state.versionPair(
      access.org.id,
      params.name,
      query.from ?? null,
      query.to ?? null,
    );
    return { from: from?.version ?? null, to: to.version, files: diffFiles(from?.files ?? {}, to.files) };
  })
  .add(ENDPOINTS.rollBackScript, async ({ scope, principal, access, params, body }) => {
    const { id, slug } = access.org;
    const actor = actorOf(principal);
    const script = await scope.state.rollBack(id, actor, params.name, String(body.version));
    await scope.edges.forget(slug);
    const details = { version: script.live.number };
    auditLater(scope, { actor, action: "script.roll-back", target: script.name, orgId: id, details });
    return toScript(scope, access, script);
  })
  .add(ENDPOINTS.invokeScript, async ({ scope, principal, access, params, body }) => {
    const { id, slug } = access.org;
    const script = await scriptNamed(scope, id, params.name);
    refuseModule(script);
    const answer = await scope.edges.invoke({
      orgId: id,
      slug,
      scriptId: script.id,
      ...body,
      method: body.method.toUpperCase(),
    });
    const details = { executionId: answer.executionId };
    auditLater(scope, { actor: actorOf(principal), action: "script.invoke", target: script.name, orgId: id, details });
    const stacks = new Stacks(scope, id);
    const { id: versionId } = script.live;
    const lines = await stacks.mapLines(answer.lines, versionId);
    return { ...answer, lines, error: await stacks.map(answer.error, versionId) };
  });

const changeable = ({ description, limits }: ScriptSummary) => ({ description, limits });

async function save(
  scope: Scope,
  principal: Principal,
  { org }: OrgAccess,
  name: string,
  upload: Upload,
  mode: VersionInput["mode"],
): Promise<ScriptSummary> {
  const files = filesOf(upload);
  const kind = upload.kind ?? (await scope.state.findScript(org.id, name))?.kind ?? "endpoint";
  if (kind === "module") refuseReservedName(name);
  const { main, modules, nodeCompat, uses, imports, exports, sourceMap, hash, sizeBytes } = await compileUpload({
    files,
    kind,
    metered: scope.env.METERING !== "platform",
    ...(upload.main === undefined ? {} : { main: upload.main }),
    ...(upload.sourceMap === undefined ? {} : { sourceMap: upload.sourceMap }),
  });
  const actor = actorOf(principal);
  const saving = scope.state.saveScript(org.id, actor, {
    name,
    kind,
    description: upload.description ?? null,
    message: upload.message ?? "",
    limits: upload.limits ?? {},
    files,
    code: { main, modules, nodeCompat, uses },
    imports: imports.list(),
    exports,
    sourceMap,
    hash,
    sizeBytes,
    mode,
  });
  const { script, created } = await saving.catch((error: unknown) => refusePlaced(error, imports));
  await scope.edges.forget(org.slug);
  const details = { version: script.live.number, hash, created };
  auditLater(scope, { actor, action: "script.save", target: name, orgId: org.id, details });
  return script;
}

/** A module is run as part of the scripts that import it. */
function refuseModule({ name, kind }: ScriptSummary): void {
  if (kind === "endpoint") return;
  const reason = "is a module, which answers no requests. Invoke a script that imports it.";
  throw new PlatformError("invalid", `The script ${JSON.stringify(name)} ${reason}`, {
    issues: [{ field: "name", reason }],
  });
}

/** Names that imports know already, so that a module by that name could never be reached. */
function refuseReservedName(name: string): void {
  if (!isNodeBuiltin(name) && !isPackage(name) && name !== "isola") return;
  const reason = `cannot be ${JSON.stringify(name)} for a module: an import of that name means another one. Choose another name.`;
  throw new PlatformError("invalid", `The upload is not valid: name ${reason}`, {
    issues: [{ field: "name", reason }],
  });
}

/** Puts the refusal of an import where the import stands: only who read the files knows. Anything else is rethrown. */
function refusePlaced(error: unknown, imports: OrgImports): never {
  const parsed = importFaultsSchema.safeParse(platformErrorOf(error)?.details);
  if (!parsed.success) throw error;
  const { issues, imports: causes } = parsed.data;
  return refuse(
    issues.map(({ reason }, index) => {
      const { module, name } = causes[index] ?? { module: null, name: null };
      const advice = reason.startsWith("The package ") ? ` ${PACKAGES_ADVICE}` : "";
      return imports.issue(module, name, reason + advice);
    }),
  );
}

function toScript(scope: Scope, { org }: OrgAccess, script: ScriptSummary) {
  const { id, name, kind, description, live, createdAt, updatedAt } = script;
  const executeUrl = `${orgUrl(scope.env, org.slug)}/.isola/v1/execute/${id}`;
  return {
    id,
    name,
    kind,
    description,
    limits: script.limits,
    live,
    executeUrl,
    createdAt,
    updatedAt,
  };
}
