import { DATA_PAGE_MAX, TTL_MS_MAX, TTL_MS_MIN } from "../../../contracts/limits.ts";

/** Keys and values for scripts, as source text. */
export const KV_SOURCE = String.raw`
import { callInRun, IsolaError } from "./runtime.js";
import { checkTogether, encode, functionOf, invalid, isArray, keys, listOf, millisecondsOf, objectOf, optionsOf, parse, textOf, textsOf, versionOf, wholeOf } from "./isola-values.js";

const { random, max, min } = Math;
const { now } = Date;
const NativeMap = Map;
const wait = scheduler.wait.bind(scheduler);
const WRITE = ["ttlSeconds", "ifVersion"];

const read = ({ value, ...entry }) => (value === null ? entry : { ...entry, value: parse(value) });

function setOf(key, value, options, name = "value") {
  const { ttlSeconds, ifVersion } = optionsOf(options, WRITE);
  return {
    operation: "set",
    key: textOf(key, "key"),
    value: encode(value, name),
    ttlMs: millisecondsOf(ttlSeconds, "ttlSeconds", null, ${TTL_MS_MIN}, ${TTL_MS_MAX}),
    ifVersion: versionOf(ifVersion),
  };
}

function deleteOf(key, options) {
  const { ifVersion } = optionsOf(options, ["ifVersion"]);
  return { operation: "delete", key: textOf(key, "key"), ifVersion: versionOf(ifVersion) };
}

function writeOf(operation, index) {
  const name = "operations[" + index + "]";
  const { operation: kind, key, value, ttlSeconds, ifVersion } = optionsOf(operation, ["operation", "key", "value", ...WRITE], name);
  if (kind === "set") return setOf(key, value, { ttlSeconds, ifVersion }, name + ".value");
  if (kind === "delete") return deleteOf(key, { ifVersion });
  throw invalid(name + ".operation", "must be \"set\" or \"delete\"");
}

async function writesOf(work) {
  if (typeof work !== "function") return listOf(work, "operations").map(writeOf);
  const writes = [];
  await work({
    set(key, value, options) { writes.push(setOf(key, value, options)); },
    delete(key, options) { writes.push(deleteOf(key, options)); },
  });
  return writes;
}

// Pairs of a map or a list, or the members of an object.
function pairsOf(entries) {
  const object = objectOf(isArray(entries) ? {} : entries, "entries");
  if (object[Symbol.iterator] === undefined && !isArray(entries)) return keys(entries).map((key) => [key, entries[key]]);
  return listOf(entries, "entries").map((pair, i) => {
    if (isArray(pair) && pair.length === 2) return pair;
    throw invalid("entries[" + i + "]", "must be a pair of key and value");
  });
}

class KvCollection {
  #name;

  constructor(name) {
    this.#name = textOf(name, "name of the collection");
  }

  #read(list, values) {
    return callInRun("kv", { operation: "get", collection: this.#name, keys: list, values });
  }

  async #write(writes) {
    if (writes.length === 0) return [];
    checkTogether(writes.map(({ value }) => value ?? ""));
    return callInRun("kv", { operation: "write", collection: this.#name, writes });
  }

  async get(key) {
    const [entry] = await this.#read([textOf(key, "key")], true);
    return entry === null ? undefined : parse(entry.value);
  }

  async getEntry(key) {
    const [entry] = await this.#read([textOf(key, "key")], true);
    return entry === null ? undefined : read(entry);
  }

  async getMany(list) {
    const found = new NativeMap();
    const asked = textsOf(list, "keys");
    if (asked.length === 0) return found;
    for (const entry of await this.#read(asked, true)) if (entry !== null) found.set(entry.key, parse(entry.value));
    return found;
  }

  async has(key) {
    const [entry] = await this.#read([textOf(key, "key")], false);
    return entry !== null;
  }

  async set(key, value, options) {
    const [{ version }] = await this.#write([setOf(key, value, options)]);
    return { version };
  }

  async delete(key, options) {
    const [{ existed }] = await this.#write([deleteOf(key, options)]);
    return existed;
  }

  async setMany(entries, options) {
    const { ttlSeconds } = optionsOf(options, ["ttlSeconds"]);
    const writes = pairsOf(entries).map(([key, value]) => setOf(key, value, { ttlSeconds }, "value of " + key));
    return (await this.#write(writes)).length;
  }

  async deleteMany(list) {
    const written = await this.#write(textsOf(list, "keys").map((key) => deleteOf(key)));
    return written.filter(({ existed }) => existed).length;
  }

  async batch(work) {
    return this.#write(await writesOf(work));
  }

  async list(options) {
    const { prefix = "", cursor, limit = 100, values = true } = optionsOf(options, ["prefix", "cursor", "limit", "values"]);
    const page = await callInRun("kv", {
      operation: "list",
      collection: this.#name,
      prefix: textOf(prefix, "prefix"),
      cursor: cursor === undefined || cursor === null ? null : textOf(cursor, "cursor"),
      limit: wholeOf(limit, "limit", 1, ${DATA_PAGE_MAX}),
      values: values !== false,
    });
    return { items: page.items.map(read), cursor: page.cursor };
  }

  async *entries(options) {
    const { prefix } = optionsOf(options, ["prefix"]);
    let cursor = null;
    do {
      const page = await this.list({ prefix, cursor, limit: 250 });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== null);
  }

  async update(key, change, options) {
    const { attempts = 10, ttlSeconds } = optionsOf(options, ["attempts", "ttlSeconds"]);
    functionOf(change, "change");
    wholeOf(attempts, "attempts", 1, 1000);
    for (let attempt = 1; ; attempt++) {
      const entry = await this.getEntry(key);
      const value = await change(entry?.value);
      if (value === undefined) return entry?.value;
      const leftSeconds = entry?.expiresAt ? max(1, (entry.expiresAt - now()) / 1000) : undefined;
      try {
        await this.set(key, value, { ttlSeconds: ttlSeconds ?? leftSeconds, ifVersion: entry?.version ?? 0 });
        return value;
      } catch (error) {
        if (!(error instanceof IsolaError) || error.code !== "conflict" || attempt >= attempts) throw error;
        await wait(random() * min(200, 5 * 2 ** attempt));
      }
    }
  }
}

export const kv = { collection: (name) => new KvCollection(name) };
`;
