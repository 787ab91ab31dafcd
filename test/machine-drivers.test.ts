import { createServer } from "node:http";

import { afterAll, beforeAll, expect, test } from "vitest";

import { type DockerHarness, openDocker } from "./drivers/support/docker-harness.ts";
import { eventually } from "./support/eventually.ts";
import { freePort, type Platform, startPlatform } from "./support/platform.ts";

let docker: DockerHarness;
let platform: Platform;
beforeAll(async () => {
  docker = await openDocker();
  platform = await startPlatform({ env: { ISOLA_DOCKER: docker.socketPath } });
});
afterAll(async () => {
  await platform?.dispose();
  await docker?.close();
  expect(docker.faults).toEqual([]);
});

const stateOf = async (slug: string): Promise<string> => {
  const { state } = await (await platform.client()).getOrg({ params: { slug } });
  return state;
};
const answering = (slug: string) =>
  eventually(
    () => platform.fetch(`${slug}.localhost`, "/hello"),
    ({ status, headers }) => status === 200 && headers["content-type"] === "application/json",
  );

test("an org of scripts is running when it is made, and no provider is asked", async () => {
  const client = await platform.client();
  expect(await client.createOrg({ body: { slug: "scripts" } })).toMatchObject({ driver: "isolate", state: "running" });
  expect(docker.asked).toEqual([]);
});

test("an org gets a container of the Engine behind a Unix socket, and its host leads there", async () => {
  docker.engine.nextPort = await freePort();
  const container = createServer((asked, answer) => {
    answer
      .setHeader("content-type", "application/json")
      .end(JSON.stringify({ url: asked.url, headers: asked.headers }));
  });
  await new Promise<void>((done) => container.listen(docker.engine.nextPort, "127.0.0.1", done));
  try {
    const client = await platform.client();
    const body = { slug: "boxed", driver: "docker" as const, machine: { image: "web:1", volumeGb: 1 } };
    expect((await client.createOrg({ body })).state).toBe("provisioning");
    const { text } = await answering("boxed");
    expect(JSON.parse(text)).toMatchObject({
      url: "/hello",
      headers: { "x-isola-secret": expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(await stateOf("boxed")).toBe("running");
    await client.deleteMachine({ params: { slug: "boxed" }, query: { confirm: "boxed" } });
    const left = await eventually(
      async () => [...docker.engine.containers],
      (containers) => containers.length === 0,
    );
    expect(left).toEqual([]);
    const volumes = await eventually(
      async () => [...docker.engine.volumes.keys()],
      (names) => names.length === 0,
    );
    expect(volumes).toEqual([]);
  } finally {
    container.closeAllConnections();
    container.close();
  }
});

test("an org gets a practice machine, which is there again after everything was killed", async () => {
  const client = await platform.client();
  await client.createOrg({ body: { slug: "practice", driver: "mock", machine: { volumeGb: 1 } } });
  const first = JSON.parse((await answering("practice")).text) as { machine: string };
  expect(first.machine).toMatch(/^mch_/);
  const { directory, port } = platform;
  platform.process.kill("SIGKILL");
  await platform.stop();
  platform = await startPlatform({ directory, port, env: { ISOLA_DOCKER: docker.socketPath } });
  expect(JSON.parse((await answering("practice")).text)).toMatchObject({ machine: first.machine });
  expect(await stateOf("practice")).toBe("running");
});
