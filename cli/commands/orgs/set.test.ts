import { describe, expect, it } from "vitest";

import { startControlPlane, TOKEN } from "../../testing/control-plane.ts";
import { newComputer } from "../../testing/host.ts";
import { anOrgInFull } from "../../testing/things.ts";

const SETTINGS = { egress: { allow: ["a.com"], deny: ["*.b.com"] }, concurrencyMax: 20, ceilings: { cpuMs: 50 } };

async function workplace() {
  const shown = { ...anOrgInFull("shop"), settings: SETTINGS };
  const plane = await startControlPlane({ patchOrg: () => shown, getOrg: () => shown });
  const computer = await newComputer({ env: { ISOLA_URL: plane.url, ISOLA_TOKEN: TOKEN } });
  return { plane, ...computer };
}

describe("orgs set", () => {
  it.each([
    [
      ["--egress-allow", "API.example.com.", "--egress-allow", "b.com,*.c.com"],
      { egress: { allow: ["api.example.com", "b.com", "*.c.com"] } },
    ],
    [["--egress-allow", "none", "--egress-deny", "*"], { egress: { allow: [], deny: ["*"] } }],
    [["--concurrency", "20", "--name", "Shop"], { concurrencyMax: 20, name: "Shop" }],
  ])("%j changes what it names and nothing else", async (words, body) => {
    const { isola, plane } = await workplace();
    const { code, out } = await isola(["orgs", "set", "shop", ...words]);
    expect(code).toBe(0);
    expect(plane.seen[0]?.body).toEqual(body);
    expect(out).toMatch(/^shop is changed\.$/m);
    expect(out).toMatch(/^egress deny +\*\.b\.com$/m);
  });

  it.each([
    [[], /Nothing to change/],
    [["--egress-allow", "https://a.com"], /--egress-allow "https:\/\/a\.com" must be a host name/],
    [["--egress-allow", "a.com,10.0.0.1"], /private/],
    [["--egress-deny", ""], /no host name/],
    [["--concurrency", "0"], /from 1 to 1000/],
  ])("%j asks the control plane nothing", async (words, problem) => {
    const { isola, plane } = await workplace();
    const { code, err } = await isola(["orgs", "set", "shop", ...words]);
    expect(code).toBe(2);
    expect(err).toMatch(problem);
    expect(plane.seen).toEqual([]);
  });

  it("is seen by orgs get", async () => {
    const { isola } = await workplace();
    const { out } = await isola(["orgs", "get", "shop"]);
    expect(out).toMatch(/^egress allow +a\.com$/m);
    expect(out).toMatch(/^concurrency +20 runs at once/m);
    expect(out).toMatch(/^ceilings +cpuMs=50$/m);
  });
});
