import { beforeEach, describe, expect, it } from "vitest";

import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const ISOLA = `import { invoke, InvokeError } from "./.isola/isola.js";`;

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

/** What the script `main` answers whose body is given; `other` is what it invokes. */
async function main(body: string, other: string, limits: object = {}): Promise<unknown> {
  await tenant.deploy(other, { name: "other", routes: [] });
  await tenant.deploy(`${ISOLA} export default async (request, ctx) => { ${body} }`, { limits });
  return (await tenant.get("/")).json();
}

const CAUGHT = `catch (error) { return [error instanceof InvokeError, error.code, error.status, error.message]; }`;

describe("invoke", () => {
  it("hands the payload to the other script as JSON and returns its answer", async () => {
    const answer = await main(
      `return invoke("other", { n: 20, list: [1] })`,
      `export default async (request) => ({ doubled: (await request.json()).n * 2, method: request.method })`,
    );
    expect(answer).toEqual({ doubled: 40, method: "POST" });
  });

  it("returns a text as it is, and null where nothing is handed over", async () => {
    const other = `export default { async fetch(request) { return new Response("got " + await request.text()); } }`;
    expect(await main(`return invoke("other")`, other)).toBe("got null");
  });

  it("tells the invoked script who invokes it", async () => {
    const answer = await main(
      `return [ctx.executionId, await invoke("other")]`,
      `export default (_, ctx) => ctx.caller`,
    );
    const [id, caller] = answer as [string, unknown];
    expect(caller).toEqual({ script: "main", executionId: id });
  });

  it.each([
    ["a script that is not there", `invoke("missing")`, "not_found"],
    ["a payload that is no JSON", `invoke("other", () => 1)`, undefined],
    ["a name that is no text", `invoke({ toString: () => "other" })`, "invalid"],
    ["a name that looks like a path", `invoke("../other")`, "not_found"],
  ])("refuses %s", async (_, call, code) => {
    const answer = (await main(`try { return await ${call}; } ${CAUGHT}`, `export default () => 1`)) as unknown[];
    expect(answer[1] ?? undefined).toBe(code);
  });

  it("throws what the other script answered where that is no success", async () => {
    const answer = await main(
      `try { await invoke("other"); } catch (error) { return [error.status, error.body]; }`,
      `export default () => new Response("no such thing", { status: 404 })`,
    );
    expect(answer).toEqual([404, "no such thing"]);
  });

  it("throws without the other script's words where that fails", async () => {
    const other = `export default () => { throw new Error("inner detail") }`;
    const [known, code, , message] = (await main(`try { await invoke("other"); } ${CAUGHT}`, other)) as unknown[];
    expect([known, code]).toEqual([true, "script_error"]);
    expect(message).not.toContain("inner detail");
  });

  it("ends at the depth that the script is allowed", async () => {
    await tenant.deploy(
      `${ISOLA} export default async (request) => {
        const depth = Number(await request.text()) || 0;
        try { return await invoke("main", depth + 1); } catch (error) { return { depth, code: error.code }; }
      }`,
      { limits: { invokeDepth: 3 } },
    );
    expect(await (await tenant.get("/")).json()).toEqual({ depth: 3, code: "over_budget" });
  });

  it("gives the invoked script no more time than the caller has left", async () => {
    await tenant.deploy(`export default () => scheduler.wait(5_000)`, { name: "other", routes: [] });
    await tenant.deploy(
      `${ISOLA} export default async () => { try { await invoke("other"); } catch (error) { return error.code; } }`,
      { limits: { wallClockMs: 300 } },
    );
    const began = performance.now();
    expect((await tenant.get("/")).status).toBeGreaterThanOrEqual(200);
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  it("does not wait where it is asked not to", async () => {
    const answer = await main(
      `return invoke("other", null, { wait: false })`,
      `export default () => scheduler.wait(300).then(() => 1)`,
    );
    expect(answer).toEqual({ executionId: expect.stringMatching(/^exe_/) });
  });

  it("is counted: more calls than allowed are refused", async () => {
    const answer = await main(
      `const codes = []; for (let i = 0; i < 4; i++) try { codes.push(await invoke("other")); } catch (error) { codes.push(error.code); } return codes;`,
      `export default () => "ok"`,
      { capabilityCalls: 2 },
    );
    expect(answer).toEqual(["ok", "ok", "over_budget", "over_budget"]);
  });

  it("reaches no script of another org, by name or by id", async () => {
    const other = await newTenant();
    const script = await other.deploy(`export default () => "other org"`, { name: "theirs" });
    const answer = await main(
      `const codes = []; for (const name of ["theirs", "${script.id}"]) try { codes.push(await invoke(name)); } catch (error) { codes.push(error.code); } return codes;`,
      `export default () => 1`,
    );
    expect(answer).toEqual(["not_found", "not_found"]);
  });
});
