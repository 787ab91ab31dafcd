import { DATA_PAGE_MAX, DOCS_EXAMINED_MAX, FILTER_LENGTH_MAX } from "../../../contracts/limits.ts";

/** Documents for scripts, as source text. */
export const DOCS_SOURCE = String.raw`
import { callInRun } from "./runtime.js";
import { checkTogether, encode, invalid, isArray, keys, listOf, objectOf, optionsOf, parse, textOf, textsOf, versionOf, wholeOf } from "./isola-values.js";

const NativeMap = Map;

const read = (doc) => (doc === null ? undefined : parse(doc.value));

function insertOf(doc, name = "document") {
  const { id } = objectOf(doc, name);
  return { operation: "insert", id: id === undefined ? null : textOf(id, name + ".id"), value: encode(doc, name) };
}

function putOf(id, doc, options, name = "document") {
  const { ifVersion } = optionsOf(options, ["ifVersion"]);
  return { operation: "put", id: textOf(id, "id"), value: encode(objectOf(doc, name), name), ifVersion: versionOf(ifVersion) };
}

function updateOf(id, patch, options, name = "patch") {
  const { ifVersion } = optionsOf(options, ["ifVersion"]);
  return { operation: "update", id: textOf(id, "id"), patch: encode(objectOf(patch, name), name), ifVersion: versionOf(ifVersion) };
}

function deleteOf(id, options) {
  const { ifVersion } = optionsOf(options, ["ifVersion"]);
  return { operation: "delete", id: textOf(id, "id"), ifVersion: versionOf(ifVersion) };
}

function writeOf(operation, index) {
  const name = "operations[" + index + "]";
  const { operation: kind, id, doc, patch, ifVersion } = optionsOf(operation, ["operation", "id", "doc", "patch", "ifVersion"], name);
  switch (kind) {
    case "insert": return insertOf(doc, name + ".doc");
    case "put": return putOf(id, doc, { ifVersion }, name + ".doc");
    case "update": return updateOf(id, patch, { ifVersion }, name + ".patch");
    case "delete": return deleteOf(id, { ifVersion });
  }
  throw invalid(name + ".operation", "must be \"insert\", \"put\", \"update\" or \"delete\"");
}

async function writesOf(work) {
  if (typeof work !== "function") return listOf(work, "operations").map(writeOf);
  const writes = [];
  await work({
    insert(doc) { writes.push(insertOf(doc)); },
    put(id, doc, options) { writes.push(putOf(id, doc, options)); },
    update(id, patch, options) { writes.push(updateOf(id, patch, options)); },
    delete(id, options) { writes.push(deleteOf(id, options)); },
  });
  return writes;
}

// { field: "desc" }, or pairs where several have an order, or names alone.
function orderOf(fields, name) {
  if (typeof fields === "string") return [{ field: fields, descending: false }];
  const pairs = isArray(fields) ? fields : keys(objectOf(fields, name)).map((field) => [field, fields[field]]);
  return pairs.map((pair) => {
    const [field, direction] = typeof pair === "string" ? [pair, "asc"] : listOf(pair, name);
    if (direction !== "asc" && direction !== "desc") throw invalid(name + " by " + field, "must be \"asc\" or \"desc\"");
    return { field: textOf(field, name), descending: direction === "desc" };
  });
}

const filterOf = (filter) => encode(objectOf(filter === undefined ? {} : filter, "filter"), "filter", ${FILTER_LENGTH_MAX});

class DocsCollection {
  #name;

  constructor(name) {
    this.#name = textOf(name, "name of the collection");
  }

  #call(operation, rest) {
    return callInRun("docs", { operation, collection: this.#name, ...rest });
  }

  async #write(writes) {
    if (writes.length === 0) return [];
    checkTogether(writes.map(({ value, patch }) => value ?? patch ?? ""));
    return this.#call("write", { writes });
  }

  async insert(doc) {
    const [written] = await this.#write([insertOf(doc)]);
    return read(written.doc);
  }

  async insertMany(list) {
    const written = await this.#write(listOf(list, "documents").map((doc, i) => insertOf(doc, "documents[" + i + "]")));
    return written.map(({ doc }) => read(doc));
  }

  async get(id) {
    const [doc] = await this.#call("get", { ids: [textOf(id, "id")] });
    return read(doc);
  }

  async getEntry(id) {
    const [doc] = await this.#call("get", { ids: [textOf(id, "id")] });
    return doc === null ? undefined : { ...doc, value: parse(doc.value) };
  }

  async getMany(list) {
    const found = new NativeMap();
    const ids = textsOf(list, "ids");
    if (ids.length === 0) return found;
    for (const doc of await this.#call("get", { ids })) if (doc !== null) found.set(doc.id, parse(doc.value));
    return found;
  }

  async find(filter, options) {
    const { sort = [], limit = 100, cursor } = optionsOf(options, ["sort", "limit", "cursor"]);
    const page = await this.#call("find", {
      filter: filterOf(filter),
      sort: orderOf(sort, "sort"),
      cursor: cursor === undefined || cursor === null ? null : textOf(cursor, "cursor"),
      limit: wholeOf(limit, "limit", 1, ${DATA_PAGE_MAX}),
    });
    return { items: page.items.map(read), cursor: page.cursor, examined: page.examined, index: page.index };
  }

  async findOne(filter, options) {
    const { sort } = optionsOf(options, ["sort"]);
    let cursor = null;
    do {
      const page = await this.find(filter, { sort, limit: 1, cursor });
      if (page.items.length > 0) return page.items[0];
      cursor = page.cursor;
    } while (cursor !== null);
    return undefined;
  }

  async *iterate(filter, options) {
    const { sort } = optionsOf(options, ["sort"]);
    let cursor = null;
    do {
      const page = await this.find(filter, { sort, limit: 250, cursor });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== null);
  }

  async count(filter, options) {
    const { max = ${DOCS_EXAMINED_MAX} } = optionsOf(options, ["max"]);
    return this.#call("count", { filter: filterOf(filter), max: wholeOf(max, "max", 1, ${DOCS_EXAMINED_MAX}) });
  }

  async put(id, doc, options) {
    const [written] = await this.#write([putOf(id, doc, options)]);
    return read(written.doc);
  }

  async update(id, patch, options) {
    const [written] = await this.#write([updateOf(id, patch, options)]);
    return read(written.doc);
  }

  async delete(id, options) {
    const [{ existed }] = await this.#write([deleteOf(id, options)]);
    return existed;
  }

  async batch(work) {
    const written = await this.#write(await writesOf(work));
    return written.map(({ id, doc, existed }) => ({ id, doc: read(doc), version: doc?.version ?? null, existed }));
  }

  async createIndex(fields, options) {
    const { name, unique = false } = optionsOf(options, ["name", "unique"]);
    const order = orderOf(fields, "fields");
    const given = order.map(({ field, descending }) => field + (descending ? "-desc" : "")).join("_");
    const index = { name: textOf(name ?? given, "name"), fields: order, unique: unique === true };
    return this.#call("createIndex", { index });
  }

  async dropIndex(name) {
    return this.#call("dropIndex", { name: textOf(name, "name") });
  }

  async listIndexes() {
    return this.#call("listIndexes", {});
  }
}

export const docs = { collection: (name) => new DocsCollection(name) };
`;
