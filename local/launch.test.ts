import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync, existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import {
  disposeAll,
  freePort,
  pause,
  processesOf,
  runOf,
  spawnStandIn,
  startStandIn,
  temporaryFolder,
  until,
} from "./testing/platform.ts";

const OWNER = { ISOLA_OWNER_EMAIL: "ada@example.com", ISOLA_OWNER_PASSWORD: "a long enough password" };

afterEach(disposeAll);

const linesOf = (text: string, start: string): string[] => text.split("\n").filter((line) => line.startsWith(start));

test("prints the set-up link and then one line ready, and answers", async () => {
  const platform = await startStandIn();
  const [link] = /http:\/\/app\.localhost:\d+\/setup\?token=[\w-]{40,}/.exec(platform.output()) ?? [""];
  expect(platform.output().indexOf(link)).toBeLessThan(platform.output().indexOf("ready "));
  expect(linesOf(platform.output(), "ready ")).toEqual([`ready http://app.localhost:${platform.port}`]);
  expect((await platform.get("/", { host: "app.localhost" })).text).toBe("control plane: /");
  expect((await platform.get("/")).status).toBe(200);
});

test("claims the platform for the owner of the settings, and prints no link", async () => {
  const platform = await startStandIn(OWNER);
  const claimed = await platform.get("/api/v1/setup", { host: "app.localhost" });
  expect(JSON.parse(claimed.text)).toEqual({ claimed: true });
  expect(platform.output()).not.toContain("/setup?token=");
});

test("an owner whom the control plane refuses ends the start with one line and nothing left running", async () => {
  const platform = await spawnStandIn({ ...OWNER, ISOLA_OWNER_PASSWORD: "short" });
  expect(await platform.ended).toBe(1);
  expect(linesOf(platform.output(), "isola: ")).toEqual([
    "isola: the first owner was refused: The password is too short. — correct ISOLA_OWNER_EMAIL and ISOLA_OWNER_PASSWORD",
  ]);
  expect(processesOf(platform.dataDirectory)).toEqual([]);
});

test("SIGTERM lets a running request finish, ends everything and exits with 0", async () => {
  const platform = await startStandIn();
  const { socketsDirectory } = runOf(platform);
  const slow = platform.get("/slow?n=700");
  await pause(100);
  const began = performance.now();
  platform.process.kill("SIGTERM");
  expect((await slow).status).toBe(200);
  expect(await platform.ended).toBe(0);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(processesOf(socketsDirectory)).toEqual([]);
  expect(existsSync(socketsDirectory)).toBe(false);
  expect(readdirSync(platform.dataDirectory).toSorted()).toEqual(["cache", "logs", "secrets.json", "state"]);
});

test("SIGTERM ends everything within five seconds even when a request never ends and an edge is hung", async () => {
  const platform = await startStandIn();
  const { socketsDirectory } = runOf(platform);
  const victims = [platform.get("/slow?n=60000"), platform.get("/spin")].map((each) => each.catch(() => null));
  await pause(100);
  const began = performance.now();
  platform.process.kill("SIGTERM");
  expect(await platform.ended).toBe(0);
  expect(performance.now() - began).toBeLessThan(5_000);
  await Promise.all(victims);
  expect(processesOf(socketsDirectory)).toEqual([]);
});

test("SIGTERM in the middle of a start ends it, and nothing is left running", async () => {
  const platform = await spawnStandIn();
  await until(() => existsSync(join(platform.dataDirectory, "logs")));
  platform.process.kill("SIGTERM");
  expect(await platform.ended).toBe(0);
  expect(processesOf(platform.dataDirectory)).toEqual([]);
});

test("kill -9 of the launcher leaves no process behind, and the next start has all that was stored", async () => {
  const platform = await startStandIn();
  const { socketsDirectory } = runOf(platform);
  expect((await platform.get("/state")).text).toBe("1");
  platform.process.kill("SIGKILL");
  await until(() => processesOf(socketsDirectory).length === 0, 1_000);
  await until(() => !existsSync(socketsDirectory));
  const { dataDirectory, port } = platform;
  const next = await startStandIn({ ISOLA_DATA: dataDirectory, ISOLA_PORT: `${port}` });
  expect((await next.get("/state")).text).toBe("2");
});

test("what even the reaper could not end, the next start ends before it takes the port", async () => {
  const platform = await startStandIn();
  const { reaper, edges, relief, core, socketsDirectory } = runOf(platform);
  process.kill(reaper, "SIGKILL");
  platform.process.kill("SIGKILL");
  await platform.ended;
  expect(processesOf(socketsDirectory).map(({ pid }) => pid)).toEqual(
    expect.arrayContaining([core, ...edges, ...relief]),
  );
  const { dataDirectory, port } = platform;
  const next = await startStandIn({ ISOLA_DATA: dataDirectory, ISOLA_PORT: `${port}` });
  const left = 1 + edges.length + relief.length;
  expect(next.output()).toContain(`ended ${left} processes that an earlier run had left behind`);
  expect(processesOf(socketsDirectory)).toEqual([]);
  expect(existsSync(socketsDirectory)).toBe(false);
});

test("a port in use ends the start with one line that names it", async () => {
  const port = await freePort();
  const other = createServer().listen(port, "127.0.0.1");
  try {
    const platform = await spawnStandIn({ ISOLA_PORT: `${port}` });
    expect(await platform.ended).toBe(1);
    expect(platform.output().trim()).toBe(
      `isola: port ${port} is in use by another program — stop that program, or set ISOLA_PORT to another port`,
    );
    expect(readdirSync(platform.dataDirectory)).toEqual(["logs"]);
  } finally {
    other.close();
  }
});

test("a data folder in use ends the start with one line that names the process, and the first one goes on", async () => {
  const first = await startStandIn();
  const second = await spawnStandIn({ ISOLA_DATA: first.dataDirectory });
  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(new RegExp(`^isola: .* is in use by process ${first.process.pid} — .*\n$`));
  expect((await first.get("/state")).text).toBe("1");
});

test("a data folder that cannot be made ends the start with one line", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const platform = await spawnStandIn({ ISOLA_DATA: join(file, "data") });
  expect(await platform.ended).toBe(1);
  expect(platform.output()).toMatch(/^isola: cannot write .*: a part of the path is a file — .*\n$/);
});

test("damaged secrets are not replaced", async () => {
  const dataDirectory = temporaryFolder();
  writeFileSync(join(dataDirectory, "secrets.json"), "{");
  const platform = await spawnStandIn({ ISOLA_DATA: dataDirectory });
  expect(await platform.ended).toBe(1);
  expect(platform.output()).toContain("secrets.json is damaged");
  expect(readFileSync(join(dataDirectory, "secrets.json"), "utf8")).toBe("{");
});

test("secrets stay the same from start to start, and only their owner can read them", async () => {
  const first = await startStandIn();
  const path = join(first.dataDirectory, "secrets.json");
  const secrets = readFileSync(path, "utf8");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(first.dataDirectory).mode & 0o777).toBe(0o700);
  first.process.kill("SIGTERM");
  await first.ended;
  await startStandIn({ ISOLA_DATA: first.dataDirectory });
  expect(readFileSync(path, "utf8")).toBe(secrets);
});

test("closes a data folder that others could read", async () => {
  const dataDirectory = join(temporaryFolder(), "open");
  mkdirSync(dataDirectory, { mode: 0o755 });
  await startStandIn({ ISOLA_DATA: dataDirectory });
  expect(statSync(dataDirectory).mode & 0o777).toBe(0o700);
});

test("other users of the computer reach nothing but the public port", async () => {
  const platform = await startStandIn();
  const { socketsDirectory, core, edges } = runOf(platform);
  expect(statSync(socketsDirectory).mode & 0o777).toBe(0o700);
  expect([core, ...edges].flatMap(listeningPorts).filter((port) => port !== platform.port)).toEqual([]);
  const launcherPorts = listeningPorts(platform.process.pid ?? 0).filter((port) => port !== platform.port);
  // Miniflare's way back from the runtime, and the practice provider; each asks for a secret.
  expect(launcherPorts).toHaveLength(2);
  for (const path of [
    "/",
    "/resources",
    "/core/log",
    "/core/do-storage/durable-objects-Org",
    "/core/store-temp-file",
  ]) {
    const asking = launcherPorts.map((port) => fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body: "x" }));
    const statuses = (await Promise.all(asking)).map(({ status }) => status);
    expect([path, ...statuses.toSorted((one, other) => one - other)]).toEqual([path, 401, 403]);
  }
});

/** Ports of this computer on which a process listens. */
function listeningPorts(pid: number): number[] {
  const inodes = readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
  const tables = ["tcp", "tcp6"].map((name) => readFileSync(`/proc/net/${name}`, "utf8"));
  return tables.flatMap((table) =>
    table.split("\n").flatMap((line) => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state !== "0A" || inode === undefined || !inodes.includes(inode)) return [];
      return [Number.parseInt(local?.split(":")[1] ?? "", 16)];
    }),
  );
}

test("the processes that run tenants' code are not told the launcher's secrets", async () => {
  const platform = await startStandIn(OWNER);
  for (const pid of runOf(platform).edges) {
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("ISOLA_");
  }
});
