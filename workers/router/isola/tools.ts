import { LOCK_TTL_MS_MAX, LOCK_TTL_MS_MIN, LOCK_WAIT_MS_MAX } from "../../../contracts/limits.ts";

/** Secrets, locks, counters and SQL for scripts, as source text. */
export const TOOLS_SOURCE = String.raw`
import { callInRun, IsolaError } from "./runtime.js";
import { functionOf, invalid, isArray, listOf, millisecondsOf, optionsOf, textOf, wholeOf } from "./isola-values.js";

const { isFinite } = Number;
const { fromEntries } = Object;
const { stringify } = JSON;
const NativeDate = Date;

export const secrets = {
  async get(name) {
    return (await callInRun("secrets", { name: textOf(name, "name") })) ?? undefined;
  },
  async require(name) {
    const value = await secrets.get(name);
    if (value !== undefined) return value;
    throw new IsolaError("not_found", "There is no secret " + stringify(name) + " for this script. Set it first.", { name });
  },
};

const LOCK_TTL_MS = 60_000;
const LOCK_WAIT_MS = 10_000;

class HeldLock {
  #name;
  #ttlMs;

  constructor(name, ttlMs, { token, fence, expiresAt }) {
    this.#name = name;
    this.#ttlMs = ttlMs;
    this.token = token;
    this.fence = fence;
    this.expiresAt = expiresAt;
  }

  async release() {
    return callInRun("lock", { operation: "release", name: this.#name, token: this.token });
  }

  async extend(options) {
    const { ttlSeconds } = optionsOf(options, ["ttlSeconds"]);
    const ttlMs = millisecondsOf(ttlSeconds, "ttlSeconds", this.#ttlMs, ${LOCK_TTL_MS_MIN}, ${LOCK_TTL_MS_MAX});
    const held = await callInRun("lock", { operation: "extend", name: this.#name, ttlMs, token: this.token });
    if (held === null) return false;
    this.expiresAt = held.expiresAt;
    return true;
  }
}

async function acquire(name, options, waitDefaultMs) {
  const { ttlSeconds, waitSeconds } = optionsOf(options, ["ttlSeconds", "waitSeconds"]);
  const ttlMs = millisecondsOf(ttlSeconds, "ttlSeconds", LOCK_TTL_MS, ${LOCK_TTL_MS_MIN}, ${LOCK_TTL_MS_MAX});
  const waitMs = millisecondsOf(waitSeconds, "waitSeconds", waitDefaultMs, 0, ${LOCK_WAIT_MS_MAX});
  const held = await callInRun("lock", { operation: "acquire", name: textOf(name, "name of the lock"), ttlMs, waitMs });
  return held === null ? null : new HeldLock(name, ttlMs, held);
}

export async function lock(name, options, work) {
  if (typeof options === "function") [options, work] = [undefined, options];
  functionOf(work, "work");
  const held = await acquire(name, options, LOCK_WAIT_MS);
  if (held === null) {
    throw new IsolaError("conflict", "Somebody else holds the lock " + stringify(name) + ". Try again later.", { name });
  }
  try {
    return await work(held);
  } finally {
    // What was done is done; a lock that cannot be given back runs out.
    await held.release().catch(() => {});
  }
}
lock.acquire = (name, options) => acquire(name, options, 0);

export function counter(name) {
  textOf(name, "name of the counter");
  const add = async (by = 1) => callInRun("counter", { name, by: wholeOf(by, "amount") });
  return { add, get: () => add(0) };
}

function parameterOf(value, index) {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && isFinite(value)) return value;
  if (value instanceof NativeDate) return value.toISOString();
  throw invalid("parameter " + (index + 1), "must be text, a finite number, a boolean, a date or null");
}

class SqlStatement {
  #running;
  #statement;

  constructor(text, parameters) {
    this.#statement = { text, parameters };
  }

  static of(value, name) {
    if (typeof value === "object" && value !== null && #statement in value) return value.#statement;
    throw invalid(name, "must be a statement made by sql");
  }

  // Runs when it is awaited, and once.
  #run() {
    this.#running ??= run([this.#statement]).then(([rows]) => rows);
    return this.#running;
  }

  then(resolve, reject) {
    return this.#run().then(resolve, reject);
  }

  catch(reject) {
    return this.#run().catch(reject);
  }

  finally(settled) {
    return this.#run().finally(settled);
  }
}

async function run(statements) {
  const results = await callInRun("sql", { statements });
  return results.map(({ columns, rows }) => rows.map((row) => fromEntries(columns.map((column, i) => [column, row[i]]))));
}

export function sql(strings, ...values) {
  if (!isArray(strings) || !isArray(strings.raw)) {
    throw invalid("sql", "is a template tag, which keeps values apart from the statement: sql" + "\x60select \x24{1}\x60");
  }
  return new SqlStatement(strings.join("?"), values.map(parameterOf));
}

sql.transaction = async (list) => {
  const statements = listOf(list, "statements").map((each, i) => SqlStatement.of(each, "statements[" + i + "]"));
  return statements.length === 0 ? [] : run(statements);
};
`;
