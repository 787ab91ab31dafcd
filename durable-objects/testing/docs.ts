import { runInDurableObject } from "cloudflare:test";

import type { DocIndex, DocPage, DocQuery, DocWrite } from "../../contracts/data/docs.ts";
import type { StoreTrigger } from "../objects.ts";
import type { Store } from "../store/store.ts";
import { newStore, origin } from "./store-outside.ts";

/** What is looked for; without more everything, on one page. */
export type Asked = Partial<Omit<DocQuery, "filter" | "sort">> & { filter?: object | string; sort?: string[] };

/** A field to sort by, as `name` or `-name`. */
export const byField = (text: string) => ({ field: text.replace(/^-/, ""), descending: text.startsWith("-") });

/** JSON text of a value; text is taken for JSON text already. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

export const insert = (id: string | null, value: unknown): DocWrite => ({
  operation: "insert",
  id,
  value: textOf(value),
});
export const put = (id: string, value: unknown, ifVersion: number | null = null): DocWrite => ({
  operation: "put",
  id,
  value: textOf(value),
  ifVersion,
});
export const update = (id: string, patch: unknown, ifVersion: number | null = null): DocWrite => ({
  operation: "update",
  id,
  patch: textOf(patch),
  ifVersion,
});
export const remove = (id: string, ifVersion: number | null = null): DocWrite => ({
  operation: "delete",
  id,
  ifVersion,
});

export const queryOf = ({ filter = {}, sort = [], cursor = null, limit = 100 }: Asked = {}): DocQuery => ({
  filter: textOf(filter),
  sort: sort.map(byField),
  cursor,
  limit,
});

export const indexOf = (name: string, fields: string[], unique = false): DocIndex => ({
  name,
  fields: fields.map(byField),
  unique,
});

/** A new collection of documents, with these in it by their ids. */
export async function docsCollection(docs: Record<string, object> = {}, triggers: StoreTrigger[] = []) {
  const { name, stub, store } = newStore("docs", triggers);
  const write = (...writes: DocWrite[]) => store.docsWrite(name, writes, origin);
  const insertAll = (values: Record<string, object>) =>
    write(...Object.entries(values).map(([id, value]) => insert(id, value)));
  const find = (asked: Asked = {}) => store.docsFind(name, queryOf(asked));
  if (Object.keys(docs).length > 0) await insertAll(docs);
  return {
    name,
    stub,
    store,
    write,
    insertAll,
    find,
    ids: async (asked: Asked) => (await find(asked)).items.map(({ id }) => id),
    /** The ids of all pages, one after another. */
    pages: async (asked: Asked) => {
      const pages = await allPages(asked, find);
      return pages.map(({ items }) => items.map(({ id }) => id));
    },
    /** What documents say, null for what is not there. */
    read: async (...ids: string[]) => {
      const found = await store.docsGet(name, ids);
      return found.map((doc) => (doc === null ? null : (JSON.parse(doc.value) as unknown)));
    },
    index: (indexName: string, fields: string[], unique = false) =>
      store.createIndex(name, indexOf(indexName, fields, unique)),
    count: (filter: object, max = 1_000) => store.docsCount(name, textOf(filter), max),
    /** Runs work in the object itself, without a call for each thing it does. */
    inside: <T>(work: (store: Store, state: DurableObjectState) => T | Promise<T>) => runInDurableObject(stub, work),
  };
}

/** Page after page, until there is no cursor. */
export async function allPages(
  asked: Asked,
  find: (asked: Asked) => DocPage | Promise<DocPage>,
  pagesMax = 1_000,
): Promise<DocPage[]> {
  const pages: DocPage[] = [];
  let cursor: string | null = null;
  do {
    if (pages.length === pagesMax) throw new Error("The pages do not end");
    const page = await find({ ...asked, cursor });
    pages.push(page);
    ({ cursor } = page);
  } while (cursor !== null);
  return pages;
}
