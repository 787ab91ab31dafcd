import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Driver, Plan } from "../../workers/control-plane/provisioning/driver.ts";
import { splitImage } from "../../workers/control-plane/provisioning/drivers/docker-api.ts";
import { describeDriver } from "./contract.ts";
import { type DockerHarness, openDocker, realDocker } from "./support/docker-harness.ts";
import { openRealDocker } from "./support/docker-real.ts";
import { bringUp, comesTo, make, newPlan } from "./support/plans.ts";

const PLATFORM = "platformone1";
const real = realDocker();

describeDriver("docker, at an Engine of the tests' own over its Unix socket", async () => {
  const docker = await openDocker();
  return { ...docker, close: () => close(docker) };
});
describeDriver(
  real === null ? "docker, at a real Engine: there was none here" : "docker, at a real Engine",
  real === null ? null : () => openRealDocker(real),
);

/** Nothing that it was asked may have been beyond what the Engine documents. */
async function close(docker: DockerHarness): Promise<void> {
  await docker.close();
  expect(docker.faults).toEqual([]);
}

describe("docker", () => {
  let docker: DockerHarness;
  let driver: Driver;
  beforeEach(async () => {
    docker = await openDocker();
    driver = docker.driverWith({ fetch: docker.fetch, platformId: PLATFORM });
  });
  afterEach(() => close(docker));
  const planned = (spec: Partial<Plan["spec"]> = {}): Plan =>
    newPlan(PLATFORM, { image: "web:1", volumeGb: 1, ...spec });
  const only = () => {
    const [container, ...others] = docker.engine.containers;
    expect(others).toEqual([]);
    if (container === undefined) throw new Error("There is no container.");
    return container;
  };

  test("a container has no rights, bounded means, one port on one address, its volume, and starts when it is told", async () => {
    await bringUp(driver, planned({ size: "medium", port: 3000, environment: { COLOUR: "blue" } }));
    const { config, status } = only();
    expect(status).toBe("running");
    expect(config.Env).toContain("COLOUR=blue");
    expect(config.HostConfig).toMatchObject({
      PortBindings: { "3000/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] },
      Memory: 512 * 1024 * 1024,
      MemorySwap: 512 * 1024 * 1024,
      NanoCpus: 1_000_000_000,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      Privileged: false,
      RestartPolicy: { Name: "no" },
      Mounts: [{ Type: "volume", Target: "/data" }],
    });
    expect(config.HostConfig.CapAdd).not.toContain("SYS_ADMIN");
    const network = docker.engine.networks.get(config.HostConfig.NetworkMode);
    expect(network?.Options).toEqual({ "com.docker.network.bridge.enable_icc": "false" });
  });

  test("another port after a restart is another origin", async () => {
    const plan = await bringUp(driver, planned());
    const before = await driver.observe(plan);
    await driver.stop(plan);
    await driver.start(plan);
    const after = await driver.observe(plan);
    expect(before.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(after.origin).not.toBe(before.origin);
  });

  test("ports are published on the address that the platform reaches them by", async () => {
    const { dockerDriver } = await import("../../workers/control-plane/provisioning/drivers/docker.ts");
    const remote = dockerDriver({
      url: docker.url,
      fetch,
      platformId: PLATFORM,
      image: "web:2",
      publishedHost: "10.0.0.5",
    });
    const { volumeGb: _, image: __, ...spec } = planned().spec;
    const plan = await bringUp(remote, { ...planned(), spec });
    expect(only().config.Image).toBe("web:2");
    expect(only().config.HostConfig.PortBindings["8080/tcp"]).toEqual([{ HostIp: "10.0.0.5", HostPort: "" }]);
    expect((await remote.observe(plan)).origin).toMatch(/^http:\/\/10\.0\.0\.5:\d+$/);
  });

  test("an image is fetched once, and one that there is not is said by name", async () => {
    await make(driver, planned());
    await make(driver, planned());
    expect(docker.engine.pulls).toBe(1);
    await expect(make(driver, planned({ image: "nobody/has:this" }))).rejects.toMatchObject({
      code: "no_image",
      message: "There is no image nobody/has:this, or it may not be fetched.",
    });
    const { image: _, ...spec } = planned().spec;
    await expect(make(driver, { ...planned(), spec })).rejects.toMatchObject({ code: "no_image" });
    await make(driver, planned({ image: "registry.example.com:5000/team/web:1" }));
    await expect(make(driver, planned({ size: "huge" }))).rejects.toMatchObject({ code: "refused" });
  });

  test.each([
    ["nginx", "nginx", "latest"],
    ["nginx:1.29", "nginx", "1.29"],
    ["host:5000/a/b", "host:5000/a/b", "latest"],
    ["host:5000/a/b:2", "host:5000/a/b", "2"],
    ["a/b@sha256:00ff", "a/b", "sha256:00ff"],
    ["a/b:1@sha256:00ff", "a/b", "sha256:00ff"],
  ])("the image %s is %s of %s", (image, name, tag) => expect(splitImage(image)).toEqual({ name, tag }));

  test("a program that is not in the image, and one that took too much memory, are the machine's own faults", async () => {
    const plan = await make(driver, planned({ image: "broken:1" }));
    await expect(driver.start(plan)).rejects.toMatchObject({
      code: "exited",
      message: expect.stringMatching(/executable file not found/),
    });
    const other = await bringUp(driver, planned());
    const container = docker.engine.containers.find(({ status }) => status === "running");
    if (container !== undefined) docker.engine.exit(container, 137, true);
    expect(await driver.observe(other)).toMatchObject({ state: "failed", reason: expect.stringMatching(/memory/) });
  });

  test("lines come from both streams in their order, with their time", async () => {
    const plan = await bringUp(driver, planned());
    const lines = await driver.logs(plan, 10);
    expect(lines.map(({ text }) => text)).toEqual(["starting", "no settings"]);
    expect(lines[0]?.at).toBeGreaterThan(Date.now() - 60_000);
  });

  describe("with another environment than it was made with", () => {
    const changed = (plan: Plan): Plan => ({ ...plan, environment: { ...plan.environment, NEW: "1" } });
    const stopped = async (): Promise<Plan> => {
      const plan = await bringUp(driver, planned());
      await driver.stop(plan);
      return plan;
    };

    test("another container takes its place, with the same volume and name", async () => {
      const plan = await stopped();
      const before = only();
      await driver.start(changed(plan));
      expect(only()).toMatchObject({ Name: before.Name, status: "running" });
      expect(only().Id).not.toBe(before.Id);
      expect(only().config.Env).toContain("NEW=1");
      expect(only().config.HostConfig.Mounts).toEqual(before.config.HostConfig.Mounts);
    });

    test("it gets there wherever it was cut off", async () => {
      const { wireTo } = await import("./support/wire.ts");
      const wire = wireTo(docker.fetch);
      const cut = docker.driverWith({ fetch: wire.fetch, platformId: PLATFORM });
      let cuts = 0;
      for (let call = 1; call <= 20; call++) {
        const plan = await stopped();
        wire.arrange("lost", call);
        await cut.start(changed(plan)).catch(() => {});
        cuts += wire.happened() ? 1 : 0;
        wire.arrange(null);
        await driver.start(changed(plan));
        await comesTo(driver, changed(plan), "started");
        expect(only().config.Env).toContain("NEW=1");
        await driver.destroy(plan);
      }
      expect(cuts).toBeGreaterThan(5);
    });
  });
});
