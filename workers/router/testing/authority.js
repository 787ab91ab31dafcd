import { WorkerEntrypoint } from "cloudflare:workers";

/**
 * A state process in memory for the router's tests: what it is told to know it knows, what it is told to
 * fail at it fails at, and what the log received it shows.
 */
const known = { orgs: new Map(), code: new Map(), log: [], fail: new Set(), calls: new Map() };

function called(name) {
  known.calls.set(name, (known.calls.get(name) ?? 0) + 1);
  if (known.fail.has(name)) throw new Error(`${name} is down`);
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
  appendLog(batches) {
    called("appendLog");
    known.log.push(...structuredClone(batches));
  }
  findOrg(slug) {
    called("findOrg");
    const projection = known.orgs.get(slug);
    return projection === undefined ? null : { orgId: projection.orgId, slug, state: projection.state };
  }
  // What follows is for the tests.
  setOrg(projection) {
    known.orgs.set(projection.slug, projection);
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
}
