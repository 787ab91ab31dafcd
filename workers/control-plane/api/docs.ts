import { ENDPOINTS } from "../../../contracts/api/index.ts";
import type { Doc, DocWrite, DocWritten } from "../../../contracts/data/docs.ts";
import { resourceNameSchema } from "../../../contracts/data/names.ts";
import { NO_ORIGIN } from "../../../contracts/data/origin.ts";
import { docIdSchema, filterTextSchema } from "../../../contracts/data/schemas.ts";
import { checkBatchBytes } from "../../../contracts/data/value.ts";
import { invalidFrom, PlatformError } from "../../../contracts/errors.ts";
import { auditLater } from "../audit/write.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import { Mounts } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { pageRequest } from "./page.ts";
import { bodyValueText } from "./value.ts";

/** What an org keeps as documents. */
export const docs = new Mounts()
  .add(ENDPOINTS.listDocsCollections, ({ scope, access, query }) =>
    scope.state.listCollections(access.org.id, "docs", pageRequest(query)),
  )
  .add(ENDPOINTS.queryDocs, async ({ scope, access, params, body }) => {
    const { cursor, limit } = pageRequest({ cursor: body.cursor ?? undefined, limit: body.limit });
    const query = { filter: filterText(body.filter), sort: body.sort, cursor, limit };
    const page = await scope.state.docsFind(access.org.id, params.collection, query);
    return { ...page, items: page.items.map(toDoc) };
  })
  .add(ENDPOINTS.countDocs, ({ scope, access, params, body }) =>
    scope.state.docsCount(access.org.id, params.collection, filterText(body.filter), body.max),
  )
  .add(ENDPOINTS.getDoc, async ({ scope, access, params }) => {
    const [doc] = await scope.state.docsGet(access.org.id, params.collection, [params.id]);
    return toDoc(doc ?? absent(params.collection, params.id));
  })
  .add(ENDPOINTS.insertDoc, ({ scope, principal, access, params, body }) =>
    writeOne(scope, principal, access.org.id, params.collection, toWrite({ operation: "insert", ...body })),
  )
  .add(ENDPOINTS.putDoc, ({ scope, principal, access, params, body }) => {
    const write = toWrite({ operation: "put", id: params.id, ...body });
    return writeOne(scope, principal, access.org.id, params.collection, write);
  })
  .add(ENDPOINTS.patchDoc, ({ scope, principal, access, params, body }) => {
    const write = toWrite({ operation: "update", id: params.id, ...body });
    return writeOne(scope, principal, access.org.id, params.collection, write);
  })
  .add(ENDPOINTS.deleteDoc, async ({ scope, principal, access, params, query }) => {
    const { id: orgId } = access.org;
    const { collection, id } = params;
    const write = toWrite({ operation: "delete", id, ifVersion: query.ifVersion });
    const [written] = await scope.state.docsWrite(orgId, collection, [write], NO_ORIGIN);
    if (written?.existed !== true) return absent(collection, id);
    auditLater(scope, {
      actor: actorOf(principal),
      action: "docs.delete",
      target: id,
      orgId,
      details: { collection },
    });
    return undefined;
  })
  .add(ENDPOINTS.writeDocsBatch, async ({ scope, principal, access, params, body }) => {
    const { id: orgId } = access.org;
    const writes = body.operations.map(toWrite);
    checkBatchBytes(writes.map(textOf));
    const written = await scope.state.docsWrite(orgId, params.collection, writes, NO_ORIGIN);
    const details = { operations: writes.length };
    const entry = { actor: actorOf(principal), action: "docs.batch", target: params.collection, orgId };
    auditLater(scope, { ...entry, details });
    return { items: written.map(toWritten) };
  })
  .add(ENDPOINTS.listDocIndexes, async ({ scope, access, params }) => ({
    items: await scope.state.listIndexes(access.org.id, params.collection),
    cursor: null,
  }))
  .add(ENDPOINTS.createDocIndex, async ({ scope, principal, access, params, body }) => {
    const { id: orgId } = access.org;
    const { fields, unique } = body;
    const index = { name: body.name ?? indexName(fields), fields, unique };
    const made = await scope.state.createIndex(orgId, params.collection, index);
    const details = { collection: params.collection, fields, unique };
    auditLater(scope, { actor: actorOf(principal), action: "index.create", target: made.name, orgId, details });
    return made;
  })
  .add(ENDPOINTS.deleteDocIndex, async ({ scope, principal, access, params }) => {
    const { id: orgId } = access.org;
    const { collection, name } = params;
    if (!(await scope.state.dropIndex(orgId, collection, name))) {
      throw new PlatformError("not_found", `The collection ${collection} has no index ${JSON.stringify(name)}.`);
    }
    const details = { collection };
    auditLater(scope, { actor: actorOf(principal), action: "index.delete", target: name, orgId, details });
    return undefined;
  });

async function writeOne(scope: Scope, principal: Principal, orgId: string, collection: string, write: DocWrite) {
  const [written] = await scope.state.docsWrite(orgId, collection, [write], NO_ORIGIN);
  if (written === undefined || written.doc === null) throw new Error("The write of a document answered none");
  const { id, version } = written.doc;
  const details = { collection, version };
  auditLater(scope, { actor: actorOf(principal), action: `docs.${write.operation}`, target: id, orgId, details });
  return toDoc(written.doc);
}

type Operation =
  | { operation: "insert"; id?: string | undefined; value: unknown }
  | { operation: "put"; id: string; value: unknown; ifVersion?: number | undefined }
  | { operation: "update"; id: string; patch: unknown; ifVersion?: number | undefined }
  | { operation: "delete"; id: string; ifVersion?: number | undefined };

function toWrite(operation: Operation): DocWrite {
  const { operation: kind } = operation;
  if (kind === "insert") {
    const { value } = operation;
    return { operation: kind, id: operation.id ?? ownId(value), value: objectText(value, "value") };
  }
  const { id, ifVersion = null } = operation;
  if (kind === "put") return { operation: kind, id, value: objectText(operation.value, "value"), ifVersion };
  if (kind === "update") return { operation: kind, id, patch: objectText(operation.patch, "patch"), ifVersion };
  return { operation: kind, id, ifVersion };
}

const textOf = (write: DocWrite): string =>
  write.operation === "delete" ? "" : write.operation === "update" ? write.patch : write.value;

/** The id that a document brings with it; null where it brings none. */
function ownId(value: unknown): string | null {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "id")) return null;
  const parsed = docIdSchema.safeParse((value as { id: unknown }).id);
  if (parsed.success) return parsed.data;
  throw invalidFrom(parsed.error, "document's id");
}

function objectText(value: unknown, field: string): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return bodyValueText(value, "document");
  throw new PlatformError("invalid", `The ${field} must be an object: documents are objects.`, {
    issues: [{ field, reason: "must be an object" }],
  });
}

function filterText(filter: Record<string, unknown>): string {
  const parsed = filterTextSchema.safeParse(bodyValueText(filter, "filter"));
  if (parsed.success) return parsed.data;
  throw invalidFrom(parsed.error, "filter");
}

/** A name made of the fields, where nobody gave one. */
function indexName(fields: readonly { field: string }[]): string {
  const parsed = resourceNameSchema.safeParse(fields.map(({ field }) => field).join("_"));
  if (parsed.success) return parsed.data;
  throw new PlatformError("invalid", "These fields make no name for the index. Give it one: name.", {
    issues: [{ field: "name", reason: "must be given for these fields" }],
  });
}

const toDoc = ({ value, ...doc }: Doc) => ({ ...doc, value: JSON.parse(value) as unknown });

const toWritten = ({ id, doc, existed }: DocWritten) => ({ id, doc: doc === null ? null : toDoc(doc), existed });

function absent(collection: string, id: string): never {
  throw new PlatformError("not_found", `There is no document ${JSON.stringify(id)} in the collection ${collection}.`);
}
