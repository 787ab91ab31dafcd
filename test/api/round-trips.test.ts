import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { addressOf, Names, queryOf } from "../../redteam/matrix/address.ts";
import { type ApiDocument, mutates, type Operation, readDocument } from "../../redteam/matrix/document.ts";
import { type Core, startCore } from "./support/core.ts";
import { type CountingProxy, startCountingProxy } from "./support/counting-proxy.ts";
import { claim, join, makeOrg, type Person, signIn } from "./support/people.ts";

/** Who asks and what for is one; what is answered is another. */
const ROUND_TRIPS_MAX = 2;
/** What goes through all there is, a page at a time; it says so itself. */
const GO_THROUGH_EVERYTHING: ReadonlySet<string> = new Set([
  "exportAudit",
  "exportOrgAudit",
  "verifyAudit",
  "verifyOrgAudit",
]);
/** A look at everything there is takes its time where the computer has other things to do, in milliseconds. */
const PATIENCE_MS = 120_000;

let core: Core;
let proxy: CountingProxy;
let owner: Person;
let member: Person;
let cookie: string;
let document: ApiDocument;
beforeAll(async () => {
  proxy = await startCountingProxy(() => ({ host: core.sql.host, port: core.sql.port }));
  core = await startCore({ DATABASE_PROXY: proxy.address });
  owner = await claim(core);
  const home = await makeOrg(core, owner.token, "home");
  member = await join(core, "member", { [home]: "owner" });
  cookie = await signIn(core);
  document = readDocument((await core.call("/api/v1/openapi.json")).json);
  const make = (method: string, path: string, json: unknown) =>
    core.call(`/api/v1/orgs/home${path}`, { method, token: owner.token, json });
  await make("POST", "/scripts", { name: "kept", source: "export default () => new Response()" });
  await make("POST", "/routes", { script: "kept", path: "/kept" });
  await make("PUT", "/kv/kept/kept", { value: 1 });
  await make("PUT", "/secrets/KEPT", { value: "kept-secret" });
  await make("POST", "/triggers", { name: "kept", script: "kept", source: { kind: "pubsub", topic: "kept" } });
});
afterAll(async () => {
  await core.stop();
  await proxy.close();
});

type Headers = Record<string, string>;

/** Round trips of one look. What is only noted of a caller's use is written with its first calls. */
async function roundTripsOf(path: string, headers: Headers): Promise<{ status: number; trips: number }> {
  await core.call(path, { headers });
  proxy.take();
  const { status } = await core.call(path, { headers });
  return { status, trips: proxy.take().reduce((sum, count) => sum + count, 0) };
}

const looks = ({ id, scope, streams, ...operation }: Operation): boolean =>
  scope !== "open" && !streams && !mutates(operation) && !GO_THROUGH_EVERYTHING.has(id);

describe("a look waits for the database twice at most", { timeout: PATIENCE_MS }, () => {
  test.each<[string, () => Headers]>([
    ["the owner by key", () => ({ authorization: `Bearer ${owner.token}` })],
    ["the owner by session", () => ({ cookie })],
    ["a member by key", () => ({ authorization: `Bearer ${member.token}` })],
  ])("of %s", async (_, headers) => {
    const names = new Names(async (path) => (await core.call(`/api/v1${path}`, { token: owner.token })).json);
    const over: string[] = [];
    let read = 0;
    for (const operation of document.operations.filter(looks)) {
      const path = (await addressOf(operation, "home", names)) + queryOf(operation, false);
      const { status, trips } = await roundTripsOf(`/api/v1${path}`, headers());
      if (trips > ROUND_TRIPS_MAX) over.push(`${operation.id} (${status}): ${trips}`);
      // Nobody gets in without the database, so that less than one says that nothing was counted.
      expect([operation.id, trips > 0]).toEqual([operation.id, true]);
      if (status === 200) read += 1;
    }
    expect(over).toEqual([]);
    expect(read).toBeGreaterThan(15);
  });

  test("but for what goes through everything, which there is", () => {
    const ids = document.operations.map(({ id }) => id);
    expect([...GO_THROUGH_EVERYTHING].filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("also where it is refused", async () => {
    const headers = { authorization: `Bearer ${member.token}` };
    for (const [path, status, trips] of [
      // The second look is for an org that was renamed.
      ["/orgs/nowhere", 404, 2],
      ["/orgs/home/scripts/nothing", 404, 1],
      ["/users", 403, 1],
    ] as const) {
      expect(await roundTripsOf(`/api/v1${path}`, headers)).toEqual({ status, trips });
    }
  });
});
