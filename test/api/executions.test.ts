import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { ExecutionRecord, LogBatch, RunLines } from "../../contracts/execution.ts";
import { newId } from "../../contracts/ids.ts";
import { TAILS_PER_ORG_MAX } from "../../contracts/limits.ts";
import { LogBatchWriter } from "../../contracts/log-batch.ts";
import { sampleExecution } from "../../contracts/testing/execution.ts";
import { type Core, startCore } from "./support/core.ts";
import { claim, giveKey, makeOrg, type Person } from "./support/people.ts";
import { followTail } from "./support/tail.ts";

let core: Core;
let owner: Person;
let count = 0;
let slug: string;
let orgId: string;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
beforeEach(async () => {
  count += 1;
  slug = `org-${count}`;
  orgId = await makeOrg(core, owner.token, slug);
});
afterAll(() => core.stop());

const call = (path: string, options: { method?: string; json?: unknown } = {}) =>
  core.call(`/api/v1/orgs/${slug}${path}`, { token: owner.token, ...options });

/** Uploads a script whose only frame maps to line 3 of `src/hello.ts`. */
async function upload(): Promise<{ id: string; live: { id: string } }> {
  const sourceMap = JSON.stringify({ version: 3, sources: ["src/hello.ts"], names: [], mappings: "AAEA" });
  const json = { files: { "index.js": "export default () => 1;" }, sourceMap };
  return (await call("/scripts/hi", { method: "PUT", json })).json;
}

/** A record that is complete; without more a quick success. */
const execution = (changes: Partial<ExecutionRecord> = {}): ExecutionRecord =>
  sampleExecution({
    id: newId("execution"),
    scriptId: newId("script"),
    scriptName: "hi",
    versionId: newId("version"),
    startedAt: Date.now(),
    durationMs: 3,
    cpuMs: 1.5,
    request: { headers: { accept: "*/*" }, body: null },
    response: { headers: { "content-type": "text/plain" }, body: { text: "hi", encoding: "utf8", truncated: false } },
    ...changes,
  });

function batchOf(records: ExecutionRecord[], lines: RunLines[] = []): LogBatch {
  const writer = new LogBatchWriter();
  for (const record of records) writer.addRecord(record);
  for (const run of lines) writer.addLines(run.executionId, run.lines);
  return writer.finish(orgId);
}

const append = (...parts: Parameters<typeof batchOf>) => core.door("state", "appendLog", [batchOf(...parts)], []);
const lineOf = (text: string) => ({ at: Date.now(), level: "log" as const, text });
const stack = "Error: boom\n    at f (index.js:1:5)";

describe("executions", () => {
  test("are listed newest first, filtered, with their console lines and mapped stacks", async () => {
    const script = await upload();
    const own = { scriptId: script.id, versionId: script.live.id };
    const failed = execution({
      ...own,
      status: 500,
      outcome: "error",
      trigger: "invoke",
      startedAt: Date.now() + 1_000,
      error: { name: "Error", message: "boom", stack },
    });
    const fine = execution(own);
    await append([fine, failed], [{ executionId: failed.id, lines: [lineOf("Before it")] }]);

    const listed = await call("/executions");
    const idsOf = async (query: string) =>
      (await call(`/executions?${query}`)).json.items.map(({ id }: { id: string }) => id);
    expect(listed.json.items.map(({ id }: { id: string }) => id)).toEqual([failed.id, fine.id]);
    expect(listed.json.items[0]).toMatchObject({ script: { name: "hi" }, lines: [{ text: "Before it" }] });
    expect(listed.json.items[0].error.stack).toMatch(/src\/hello\.ts:3:/);
    expect(await idsOf("status=error")).toEqual([failed.id]);
    expect(await idsOf("status=5xx")).toEqual([failed.id]);
    expect(await idsOf("status=over_budget")).toEqual([]);
    expect(await idsOf("script=hi&status=200")).toEqual([fine.id]);
    expect(await idsOf("trigger=invoke")).toEqual([failed.id]);
    expect(await idsOf("text=before")).toEqual([failed.id]);
    expect(await idsOf("text=BOOM&status=5xx&trigger=invoke&script=hi")).toEqual([failed.id]);
    expect(await idsOf(`id=${fine.id}`)).toEqual([fine.id]);
    expect(await idsOf(`since=${failed.startedAt}`)).toEqual([failed.id]);
    expect(await idsOf(`until=${new Date(fine.startedAt).toISOString()}`)).toEqual([fine.id]);
    expect(await idsOf(`script=${newId("script")}`)).toEqual([]);
    expect((await call("/executions?script=none")).status).toBe(404);
    for (const odd of ["status=odd", "status=6xx", "since=yesterday", "trigger=nothing", "text=", "id=1"]) {
      expect([odd, (await call(`/executions?${odd}`)).status]).toEqual([odd, 422]);
    }
    expect((await call(`/executions/${failed.id}`)).json).toEqual(listed.json.items[0]);
    expect((await call(`/executions/${newId("execution")}`)).status).toBe(404);
  });

  test("are shown with all that was recorded of them", async () => {
    const record = execution({ brokenLimit: "cpuMs", outcome: "over_budget", status: 507, depth: 2 });
    const child = execution({ parentId: record.id, replayOf: record.id });
    await append([record, child]);
    const { scriptId, scriptName, versionId, versionNumber, ...facts } = record;
    expect((await call(`/executions/${record.id}`)).json).toEqual({
      ...facts,
      script: { id: scriptId, name: scriptName },
      version: { id: versionId, number: versionNumber },
      lines: [],
    });
    expect((await call(`/executions/${child.id}`)).json).toMatchObject({ parentId: record.id, replayOf: record.id });
  });

  test("are listed to their end by the cursor, each once, while more is written", async () => {
    const records = Array.from({ length: 7 }, (_, index) => execution({ startedAt: Date.now() - 1_000 + index }));
    await append(records);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await call(`/executions?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`);
      seen.push(...page.json.items.map(({ id }: { id: string }) => id));
      cursor = page.json.cursor;
      await append([execution()]);
    } while (cursor !== null);
    expect(seen).toEqual(records.map(({ id }) => id).reverse());
  });
});

describe("a tail", () => {
  test("tells what runs as it runs, with mapped stacks, and lines that come late", async () => {
    const script = await upload();
    const tail = await followTail(core, slug, owner.token, "script=hi");
    expect(tail.headers["content-type"]).toBe("text/event-stream");
    expect(tail.headers["cache-control"]).toBe("no-store");
    const failed = execution({
      scriptId: script.id,
      versionId: script.live.id,
      outcome: "error",
      error: { name: "Error", message: "boom", stack },
    });
    await append([execution(), failed]);
    const event = await tail.next();
    expect(event).toMatchObject({ type: "execution", execution: { id: failed.id, lines: [] } });
    expect(JSON.stringify(event)).toMatch(/src\/hello\.ts:3:/);
    await append([], [{ executionId: failed.id, lines: [lineOf("late")] }]);
    expect(await tail.next()).toMatchObject({ type: "lines", executionId: failed.id, lines: [{ text: "late" }] });
    tail.end();
  });

  test("is for who may read executions, at each connection", async () => {
    const token = await giveKey(core, owner.id, { scopes: ["executions:read"] });
    (await followTail(core, slug, token)).end();
    await core.sql.query(
      "update api_key set revoked_at = now() where user_id = $1 and scopes::text like '%executions%'",
      [owner.id],
    );
    await expect(followTail(core, slug, token)).rejects.toThrow("401");
    await expect(followTail(core, slug, owner.token, "script=none")).rejects.toThrow("404");
  });
});

test("an org has a bounded number of tails, and those whose readers have gone make room", async () => {
  const follow = () => followTail(core, slug, owner.token);
  const tails = await Promise.all(Array.from({ length: TAILS_PER_ORG_MAX }, follow));
  const refused = await call("/executions/tail");
  expect([refused.status, refused.json.error.code]).toEqual([429, "too_many_requests"]);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  for (const tail of tails) tail.end();
  const openOne = async (): Promise<boolean> => {
    (await follow()).end();
    return true;
  };
  await expect.poll(openOne, { timeout: 5_000 }).toBe(true);
});

describe("a replay", () => {
  const recorded = (scriptId: string, changes: Partial<ExecutionRecord> = {}) =>
    execution({
      scriptId,
      method: "POST",
      path: "/a?b=c",
      request: {
        headers: { "content-type": "text/plain", "content-length": "4", authorization: "[redacted]" },
        body: { text: "text", encoding: "utf8", truncated: false },
      },
      ...changes,
    });

  test("runs the script again with what was recorded, and says what that means", async () => {
    const record = recorded((await upload()).id);
    await append([record]);
    const answer = await call(`/executions/${record.id}/replay`, { json: {} });
    expect(answer.json).toMatchObject({
      executionId: "exe_00000000000000000000",
      replayOf: record.id,
      status: 200,
      body: "POST /a?b=c text",
      input: { method: "recorded", path: "recorded", headers: "recorded", body: "recorded" },
      headersLeftOut: ["content-length", "authorization"],
      warning: expect.stringMatching(/again/),
    });
    expect((await core.edge()).invoked.at(-1)).toEqual({
      orgId,
      slug,
      scriptId: record.scriptId,
      method: "POST",
      path: "/a?b=c",
      headers: { "content-type": "text/plain" },
      body: "text",
      replayOf: record.id,
    });
  });

  test("takes edits in place of what was recorded", async () => {
    const record = recorded((await upload()).id);
    await append([record]);
    const json = { method: "put", path: "/other", headers: { "x-a": "1" }, body: null };
    const answer = await call(`/executions/${record.id}/replay`, { json });
    expect(answer.json.input).toEqual({ method: "edited", path: "edited", headers: "edited", body: "edited" });
    expect((await core.edge()).invoked.at(-1)).toMatchObject({ ...json, method: "PUT" });
  });

  test("is refused where the recorded body is not whole, unless another is given", async () => {
    const { id } = await upload();
    const headers = {};
    const records = [
      recorded(id, { request: { headers, body: { text: "te", encoding: "utf8", truncated: true } } }),
      recorded(id, { request: { headers, body: { text: "AA==", encoding: "base64", truncated: true } } }),
      recorded(id, { request: null }),
    ];
    await append(records);
    for (const record of records) {
      const refused = await call(`/executions/${record.id}/replay`, { json: {} });
      expect([refused.status, refused.json.error.details.issues[0].field]).toEqual([409, "body"]);
      const given = await call(`/executions/${record.id}/replay`, { json: { body: "other" } });
      expect(given.json.body).toBe("POST /a?b=c other");
    }
  });

  test("is refused for what is not there, or belongs to another org", async () => {
    expect((await call(`/executions/${newId("execution")}/replay`, { json: {} })).status).toBe(404);
    const gone = recorded(newId("script"));
    await append([gone]);
    const refused = await call(`/executions/${gone.id}/replay`, { json: {} });
    expect([refused.status, refused.json.error.code]).toEqual([409, "conflict"]);
    await makeOrg(core, owner.token, `${slug}-other`);
    const token = owner.token;
    const path = `/api/v1/orgs/${slug}-other/executions/${gone.id}`;
    expect((await core.call(`${path}/replay`, { token, json: {} })).status).toBe(404);
    expect((await core.call(path, { token })).status).toBe(404);
  });
});
