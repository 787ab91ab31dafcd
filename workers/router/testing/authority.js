import { WorkerEntrypoint } from "cloudflare:workers";

/**
 * A state process in memory for the router's tests: what it is told to know it knows, what it is told to
 * fail at it fails at, and what the log received it shows.
 */
const known = {
  orgs: new Map(),
  domains: new Map(),
  /** Slug before → slug now. */
  renamed: new Map(),
  code: new Map(),
  log: [],
  usage: [],
  standings: new Map(),
  fail: new Set(),
  calls: new Map(),
};

function called(name) {
  known.calls.set(name, (known.calls.get(name) ?? 0) + 1);
  if (known.fail.has(name)) throw new Error(`${name} is down`);
}

/** The kv of all orgs: entries by collection and key, versions that only grow. */
const kv = { entries: new Map(), version: 0 };

function kvEntry(orgId, collection, key, values) {
  const entry = kv.entries.get(`${orgId}/${collection}`)?.get(key);
  if (entry === undefined) return null;
  return values ? entry : { ...entry, value: null };
}

function kvPut(orgId, collection, write) {
  const name = `${orgId}/${collection}`;
  const entries = kv.entries.get(name) ?? new Map();
  kv.entries.set(name, entries);
  const { key } = write;
  const existed = entries.has(key);
  if (write.operation === "delete") {
    entries.delete(key);
    return { key, version: null, existed };
  }
  const version = ++kv.version;
  const updatedAt = Date.now();
  const expiresAt = write.ttlMs === null ? null : updatedAt + write.ttlMs;
  entries.set(key, { key, value: write.value, version, updatedAt, expiresAt });
  return { key, version, existed };
}

/** Answers that a test has laid out for methods which this process has no memory for, and what they were asked. */
const laid = { answers: new Map(), asked: [] };

function answer(name, args) {
  called(name);
  laid.asked.push({ name, args: structuredClone(args) });
  const answers = laid.answers.get(name) ?? [];
  const next = answers.length > 1 ? answers.shift() : answers[0];
  if (next?.refusal !== undefined) throw Object.assign(new Error(next.refusal.message), next.refusal);
  return next?.value ?? null;
}

export default class Authority extends WorkerEntrypoint {
  async fetch(request) {
    called("fetch");
    return new Response(`control plane: ${new URL(request.url).pathname}`);
  }
  projection(orgId) {
    called("projection");
    return [...known.orgs.values()].find((projection) => projection.orgId === orgId) ?? null;
  }
  versionCode(orgId, versionId) {
    called("versionCode");
    return known.code.get(`${orgId}/${versionId}`) ?? null;
  }
  appendLog(batches, usage) {
    called("appendLog");
    known.log.push(...structuredClone(batches));
    known.usage.push(...structuredClone(usage));
    const standings = usage.map(({ orgId }) => known.standings.get(orgId)).filter((standing) => standing !== undefined);
    return { standings, failedOrgs: [] };
  }
  findDomain(hostname) {
    called("findDomain");
    return known.domains.get(hostname) ?? null;
  }
  provisionProgress(...args) {
    return answer("provisionProgress", args);
  }
  wakeMachine(...args) {
    return answer("wakeMachine", args);
  }
  findOrg(slug) {
    called("findOrg");
    const now = known.renamed.get(slug);
    if (now !== undefined) return { orgId: known.orgs.get(now).orgId, slug: now, state: known.orgs.get(now).state };
    const projection = known.orgs.get(slug);
    return projection === undefined ? null : { orgId: projection.orgId, slug, state: projection.state };
  }
  kvGet(orgId, collection, keys, values) {
    called("kvGet");
    return keys.map((key) => kvEntry(orgId, collection, key, values));
  }
  kvList(orgId, collection, { prefix, cursor, limit, values }) {
    called("kvList");
    const names = kv.entries.get(`${orgId}/${collection}`)?.keys() ?? [];
    const keys = [...names].sort((a, b) => (a < b ? -1 : 1));
    const left = keys.filter((key) => key.startsWith(prefix) && (cursor === null || key > cursor));
    const items = left.slice(0, limit).map((key) => kvEntry(orgId, collection, key, values));
    return { items, cursor: left.length > limit ? items.at(-1).key : null };
  }
  kvWrite(orgId, collection, writes, origin) {
    called("kvWrite");
    laid.asked.push({ name: "kvWrite", args: structuredClone([orgId, collection, writes, origin]) });
    for (const { key, ifVersion } of writes) {
      const version = kvEntry(orgId, collection, key, true)?.version ?? 0;
      if (ifVersion === null || ifVersion === version) continue;
      throw Object.assign(new Error("It has another version."), { code: "conflict", details: { key, version } });
    }
    return writes.map((write) => kvPut(orgId, collection, write));
  }
  docsGet(...args) {
    return answer("docsGet", args);
  }
  docsFind(...args) {
    return answer("docsFind", args);
  }
  docsCount(...args) {
    return answer("docsCount", args);
  }
  docsWrite(...args) {
    return answer("docsWrite", args);
  }
  listIndexes(...args) {
    return answer("listIndexes", args);
  }
  createIndex(...args) {
    return answer("createIndex", args);
  }
  dropIndex(...args) {
    return answer("dropIndex", args);
  }
  queueSend(...args) {
    return answer("queueSend", args);
  }
  topicPublish(...args) {
    return answer("topicPublish", args);
  }
  readSecrets(...args) {
    return answer("readSecrets", args);
  }
  lockAcquire(...args) {
    return answer("lockAcquire", args);
  }
  lockRelease(...args) {
    return answer("lockRelease", args);
  }
  counterAdd(...args) {
    return answer("counterAdd", args);
  }
  sqlRun(...args) {
    return answer("sqlRun", args);
  }
  startAsyncRun(...args) {
    return answer("startAsyncRun", args);
  }
  findAsyncRun(...args) {
    return answer("findAsyncRun", args);
  }
  receiveWebhook(...args) {
    return answer("receiveWebhook", args);
  }
  signingKeys(...args) {
    return answer("signingKeys", args);
  }
  beginTenantSession(...args) {
    return answer("beginTenantSession", args);
  }
  renewTenantSession(...args) {
    return answer("renewTenantSession", args);
  }
  endTenantSession(...args) {
    return answer("endTenantSession", args);
  }
  // What follows is for the tests.
  /** Each an `{ value }` or a `{ refusal: { code, message, details } }`, one a call; the last stays. */
  setAnswers(name, answers) {
    laid.answers.set(name, answers);
  }
  takeAsked(name) {
    const asked = laid.asked.filter((each) => each.name === name).map(({ args }) => args);
    laid.asked = laid.asked.filter((each) => each.name !== name);
    return asked;
  }
  setOrg(projection) {
    known.orgs.set(projection.slug, projection);
  }
  /** What the directory says of a host; null for nobody's. */
  setDomain(hostname, record) {
    known.domains.set(hostname, record);
  }
  setRenamed(before, slug) {
    known.renamed.set(before, slug);
  }
  removeOrg(slug) {
    known.orgs.delete(slug);
  }
  setCode(orgId, versionId, code) {
    known.code.set(`${orgId}/${versionId}`, code);
  }
  setFailing(names) {
    known.fail = new Set(names);
  }
  callsOf(name) {
    return known.calls.get(name) ?? 0;
  }
  takeLog() {
    return known.log.splice(0);
  }
  takeUsage() {
    return known.usage.splice(0);
  }
  /** What edges are told of an org when they hand over what they counted. */
  setStanding(standing) {
    known.standings.set(standing.orgId, standing);
  }
}
