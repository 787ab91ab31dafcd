import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { freePort, type Platform, startPlatform } from "./support/platform.ts";
import { request } from "./support/request.ts";

const PROGRAM = resolve(import.meta.dirname, "../examples/own-machine/machine.mjs");

let platform: Platform;
let folder: string;
let port: number;
let machine: ChildProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "isola-own-machine-"));
  // The machine is on this computer, which only a platform at home may be told to reach.
  platform = await startPlatform({ env: { ALLOW_PRIVATE_MACHINES: "1" } });
  port = await freePort();
});
afterAll(async () => {
  machine?.kill("SIGKILL");
  await platform?.dispose();
  await rm(folder, { recursive: true, force: true });
});

function startMachine(token?: string): ChildProcess {
  return spawn(process.execPath, [PROGRAM], {
    stdio: "inherit",
    env: {
      PATH: process.env["PATH"],
      ISOLA_URL: `http://app.localhost:${platform.port}`,
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      PORT: String(port),
      CREDENTIALS: join(folder, "credentials.json"),
      ...(token === undefined ? {} : { ISOLA_ENROLMENT_TOKEN: token }),
    },
  });
}

it(
  "a machine of one's own registers itself, becomes the tenant, and is known to live and to stop",
  { timeout: 120_000 },
  async () => {
    const client = await platform.client();
    const params = { slug: "shop" };
    await client.createOrg({ body: { slug: "shop", driver: "external" } });
    expect((await platform.fetch("shop.localhost", "/")).status).toBe(503);
    const { token } = await client.enrolmentToken({ params });
    machine = startMachine(token);
    const stateOf = async () => (await client.getMachine({ params })).machine;
    await expect.poll(async () => (await platform.fetch("shop.localhost", "/")).status, { timeout: 60_000 }).toBe(200);

    const answer = await platform.fetch("shop.localhost", "/hello?x=1", { headers: { "x-isola-secret": "a guess" } });
    expect(JSON.parse(answer.text)).toMatchObject({
      org: "shop",
      path: "/hello?x=1",
      host: `shop.localhost:${platform.port}`,
    });
    expect((await request({ port, path: "/", headers: { host: "shop.localhost" } })).status).toBe(403);
    expect((await stat(join(folder, "credentials.json"))).mode & 0o777).toBe(0o600);
    await expect.poll(async () => (await stateOf())?.heartbeatAt, { timeout: 30_000 }).toBeTypeOf("number");
    expect(await stateOf()).toMatchObject({ state: "started", health: "healthy" });

    const ended = new Promise((done) => machine.once("exit", done));
    machine.kill("SIGTERM");
    await ended;
    const gone = await platform.fetch("shop.localhost", "/");
    expect(gone.status).toBe(503);
    expect(JSON.parse(gone.text)).toMatchObject({ error: { code: "unavailable" } });

    // With what it kept it is back without another token.
    machine = startMachine();
    await expect.poll(async () => (await platform.fetch("shop.localhost", "/")).status, { timeout: 60_000 }).toBe(200);
  },
);
