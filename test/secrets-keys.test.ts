import { readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { processesOf } from "../crash/victims.ts";
import { eventually } from "./support/eventually.ts";
import { type Platform, startPlatform } from "./support/platform.ts";
import { deployOn, keepAsking, type SteadyLoad } from "./support/steady.ts";

const ORG = "vault";
const HOST = `${ORG}.localhost`;
const SCRIPT = `import { secrets } from "isola";
  export default { async fetch() {
    const value = await secrets.get("TOKEN");
    return new Response(value, { status: value === "kept well" ? 200 : 500 });
  } }`;

const params = { slug: ORG };
let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
  await deployOn(platform, ORG, SCRIPT);
  const client = await platform.client();
  await client.putSecret({ params: { ...params, name: "TOKEN" }, body: { value: "kept well" } });
});
afterAll(() => platform?.dispose());

const file = (): string => join(platform.directory, "secrets.json");
const stored = () => JSON.parse(readFileSync(file(), "utf8")) as { secretsKeys: Record<string, string> };
const store = (secretsKeys: Record<string, string>) =>
  writeFileSync(file(), JSON.stringify({ ...stored(), secretsKeys }));
const said = (text: string) =>
  eventually(
    async () => platform.output(),
    (output) => output.includes(text),
  );
const failuresOf = async (load: SteadyLoad) => (await load.stop()).flatMap(({ failure }) => failure ?? []);

describe("the keys that seal secrets", () => {
  it("are rotated while everything runs, and no request notices", async () => {
    const client = await platform.client();
    const load = keepAsking(platform, HOST, 40);
    const first = stored().secretsKeys;
    const second = { 2: randomBytes(32).toString("base64") };
    store({ ...first, ...second });
    expect(await said("took the keys for secrets")).toMatch(/secrets\.json: 1, 2\n/);
    expect((await client.rewrapSecrets({ body: {} })).rewrapped).toBe(1);
    store(second);
    expect(await said("secrets.json: 2\n")).toContain("secrets.json: 2\n");
    const { items } = await client.listSecrets({ params, query: {} });
    expect(items).toMatchObject([{ name: "TOKEN", keyVersion: 2 }]);
    expect((await platform.fetch(HOST, "/")).text).toBe("kept well");
    expect(await failuresOf(load)).toEqual([]);
  });

  it("stay as they were when the file cannot be read, and it says so", async () => {
    const { secretsKeys } = stored();
    store({ 3: "too short" });
    expect(await said("stay as they were")).toMatch(/the keys for secrets stay as they were: .*secrets\.json/);
    expect((await platform.fetch(HOST, "/")).text).toBe("kept well");
    store(secretsKeys);
  });

  it("are given again to a state process that had to begin anew", async () => {
    const core = processesOf("core", platform.process.pid ?? 0);
    expect(core).not.toEqual([]);
    for (const pid of core) process.kill(pid, "SIGKILL");
    expect(await said("the state process had ended")).toContain("the state process had ended");
    const client = await platform.client();
    const sealed = () => client.putSecret({ params: { ...params, name: "LATER" }, body: { value: "x" } });
    const version = () =>
      sealed().then(
        ({ keyVersion }) => keyVersion,
        () => null,
      );
    expect(await eventually(version, (found) => found === 2)).toBe(2);
  });
});
