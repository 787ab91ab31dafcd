import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { bundle } from "./bundle.ts";
import { countIn } from "./connections.ts";
import { edgeConfig } from "./edge-config.ts";
import { openLog } from "./log-file.ts";
import { startOfProcess } from "./processes.ts";
import { killLeftovers, SOCKETS_PREFIX, writeRun } from "./run-file.ts";
import { openSecrets } from "./secrets.ts";
import { explainFileFault, StartError } from "./start-error.ts";
import { disposeAll, temporaryFolder } from "./testing/platform.ts";

afterEach(disposeAll);

test("a log never grows past twice its limit, and keeps the newest", () => {
  const path = join(temporaryFolder(), "edge.log");
  const log = openLog(path);
  const line = `${"x".repeat(1023)}\n`;
  for (let index = 0; index < 5_000; index++) log.write(line);
  log.write("last\n");
  log.close();
  expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThan(2.1 * 1024 * 1024);
  expect(readFileSync(path, "utf8").endsWith("last\n")).toBe(true);
});

test("a log goes on where the one before it stopped, and says nothing after it is closed", () => {
  const path = join(temporaryFolder(), "edge.log");
  const first = openLog(path);
  first.write("one\n");
  first.close();
  first.write("lost\n");
  const second = openLog(path);
  second.write("two\n");
  second.close();
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
});

test("ends a process of an earlier run, and spares one that only has its pid", async () => {
  const dataDirectory = temporaryFolder();
  const left = spawn("sleep", ["60"]);
  const stranger = spawn("sleep", ["60"]);
  const socketsDirectory = mkdtempSync(join(tmpdir(), SOCKETS_PREFIX));
  writeRun(dataDirectory, socketsDirectory, [left.pid ?? 0, stranger.pid ?? 0]);
  const path = join(dataDirectory, "run.json");
  const start = startOfProcess(stranger.pid ?? 0) ?? "";
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(
      `{"pid":${stranger.pid},"start":"${start}"}`,
      `{"pid":${stranger.pid},"start":"1"}`,
    ),
  );
  const ended = once(left, "exit");
  expect(killLeftovers(dataDirectory)).toBe(1);
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(startOfProcess(stranger.pid ?? 0)).toBe(start);
  expect(existsSync(socketsDirectory)).toBe(false);
  expect(existsSync(path)).toBe(false);
  stranger.kill();
});

test("a file of secrets of an earlier version gets what it lacks, keeps what it has, and is written once", () => {
  const dataDirectory = temporaryFolder();
  const authSecret = "a-secret-of-at-least-thirty-two-characters";
  const path = join(dataDirectory, "secrets.json");
  writeFileSync(path, JSON.stringify({ authSecret }));
  const secrets = openSecrets(dataDirectory);
  expect(secrets.authSecret).toBe(authSecret);
  expect(secrets.platformId).toMatch(/^[a-z0-9]{8,32}$/);
  expect(secrets.machineKey).toMatch(/^[\w-]{43}$/);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(secrets);
  expect(openSecrets(dataDirectory)).toEqual(secrets);
  expect(openSecrets(temporaryFolder()).platformId).not.toBe(secrets.platformId);
  writeFileSync(path, JSON.stringify({ ...secrets, platformId: "UPPER CASE" }));
  expect(() => openSecrets(dataDirectory)).toThrow("is damaged");
});

test("a damaged run file gets neither a process killed nor a folder removed", () => {
  const dataDirectory = temporaryFolder();
  const precious = join(dataDirectory, "precious");
  mkdirSync(precious);
  writeFileSync(join(dataDirectory, "run.json"), JSON.stringify({ socketsDirectory: precious, processes: [] }));
  expect(killLeftovers(dataDirectory)).toBe(0);
  expect(existsSync(precious)).toBe(true);
  writeFileSync(join(dataDirectory, "run.json"), "{");
  expect(killLeftovers(dataDirectory)).toBe(0);
});

test("a bundle is kept until one of its files changes", async () => {
  const folder = temporaryFolder();
  const cache = join(folder, "cache");
  const entry = join(folder, "entry.ts");
  const part = join(folder, "part.ts");
  writeFileSync(entry, `import { part } from "./part.ts"; export default { part };`);
  const date = new Date(1_700_000_000_000);
  writeFileSync(part, `export const part: string = "first";`);
  utimesSync(part, date, date);
  expect(await bundle(entry, cache)).toContain('"first"');
  // Changed without a trace: whoever still gets the first one got what was kept.
  writeFileSync(part, `export const part: string = "third";`);
  utimesSync(part, date, date);
  expect(await bundle(entry, cache)).toContain('"first"');
  utimesSync(part, new Date(), new Date());
  expect(await bundle(entry, cache)).toContain('"third"');
});

test("source that does not build is not kept", async () => {
  const folder = temporaryFolder();
  const entry = join(folder, "entry.ts");
  writeFileSync(entry, "export default {");
  await expect(bundle(entry, join(folder, "cache"))).rejects.toThrow(/Build failed/);
  writeFileSync(entry, "export default {};");
  expect(await bundle(entry, join(folder, "cache"))).toContain("export");
});

test.each([
  ["ENOSPC", "isola: cannot write /data: the disk is full — free some space and start again; nothing was changed"],
  ["EROFS", "isola: cannot write /data: the file system is read-only — set ISOLA_DATA to a folder that can be written"],
])("%s is explained in one line", (code, line) => {
  const explained = explainFileFault(Object.assign(new Error("low level words"), { code }), "/data");
  expect(explained instanceof StartError ? explained.line : explained).toBe(line);
});

test("what is no fault of the file system is left as it is", () => {
  const error = new Error("other");
  expect(explainFileFault(error, "/data")).toBe(error);
});

test("an edge's configuration keeps odd characters inside their strings", () => {
  const config = edgeConfig({
    routerModule: "router.js",
    core: { state: "/a b/s", directory: "/d", controlPlane: "/c", projections: "/p" },
    publicSockets: 1,
    dispatched: true,
    controlSocket: '/x"y\\z',
    variables: { DOMAIN: 'a"), (name = "EVIL\u0001' },
  });
  expect(config).toContain(String.raw`address = "unix:/x\"y\\z"`);
  expect(config).toContain(String.raw`(name = "DOMAIN", text = "a\"), (name = \"EVIL\x01")`);
});

test("counts the established connections to a port, on either protocol's table", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:2253 00000000:0000 0A 00000000:00000000
   1: 0100007F:2253 0100007F:D431 01 00000000:00000000
   2: 0100007F:D431 0100007F:2253 01 00000000:00000000
   3: 0100007F:2253 0100007F:D432 06 00000000:00000000
`;
  expect(countIn(table, 0x2253)).toBe(1);
  expect(countIn(table, 0x0053)).toBe(0);
});
