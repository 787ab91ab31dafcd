import { describe, expect, it } from "vitest";

import { PlatformError } from "../../contracts/errors.ts";
import type { Upload } from "../deploy/upload.ts";
import { develop, type DevEvent, type Live } from "./develop.ts";

const anUpload = (code: string): Upload => ({
  files: { "index.js": code },
  main: "index.js",
  sourceMap: null,
  sizeBytes: code.length,
  external: [],
  warnings: [],
});

type Built = string | PlatformError;
type Saved = PlatformError | undefined;

/**
 * A world in which the code is `builds` one after the other, a save apart (or a look, where `saves`
 * says false, or while the passes of `hurries` last), and the platform answers `answers` in turn, then takes everything. It ends after the last build.
 */
async function tell(builds: Built[], answers: Saved[] = [], saves: boolean[] = [], hurries: number[] = []) {
  const events: DevEvent[] = [];
  const published: string[] = [];
  const waits: (number | undefined)[] = [];
  const end = new AbortController();
  let pass = 0;
  let version = 0;
  await develop({
    signal: end.signal,
    build: () => {
      const built = builds[pass++] ?? "";
      return typeof built === "string" ? Promise.resolve(anUpload(built)) : Promise.reject(built);
    },
    publish: (upload): Promise<Live> => {
      published.push(upload.files["index.js"] ?? "");
      const refusal = answers.shift();
      if (refusal !== undefined) return Promise.reject(refusal);
      version += 1;
      return Promise.resolve({ script: "hello", version, urls: [] });
    },
    nextChange: (timeoutMs) => {
      waits.push(timeoutMs);
      if (pass >= builds.length) end.abort();
      return Promise.resolve((saves[pass - 1] ?? true) ? performance.now() : null);
    },
    hasChanged: () => hurries.includes(pass),
    tell: (event) => void events.push(event),
  });
  return { events, told: events.map((event) => event.type), published, waits };
}

const syntax = (reason: string) => new PlatformError("invalid", "There is an error.", { issues: [{ reason }] });
const away = new PlatformError("unavailable", "Nothing listens there.");

describe("the loop of dev", () => {
  it("sends what has changed and nothing else", async () => {
    const { told, published } = await tell(["a", "a", "b", "b", "a"]);
    expect(published).toEqual(["a", "b", "a"]);
    expect(told).toEqual(["live", "live", "live"]);
  });

  it("says what is live still when the code is wrong, and when it is mended", async () => {
    const { events, published } = await tell(["a", syntax("x"), "a", "b"]);
    expect(published).toEqual(["a", "b"]);
    expect(events).toMatchObject([
      { type: "live", live: { version: 1 } },
      { type: "refused", live: { version: 1 } },
      { type: "unchanged", live: { version: 1 } },
      { type: "live", live: { version: 2 } },
    ]);
  });

  it("looks again at code that cannot be built, and repeats itself only after a save", async () => {
    const { told, waits } = await tell([syntax("x"), syntax("x"), syntax("x"), syntax("y"), "a"], [], [false, true]);
    expect(told).toEqual(["refused", "refused", "refused", "live"]);
    expect(waits.slice(0, 4)).toEqual([1_000, 1_000, 1_000, 1_000]);
    expect(waits[4]).toBe(Infinity);
  });

  it("tries again, ever more slowly, while the platform is away, and says so once", async () => {
    const silent = Array.from({ length: 6 }, () => false);
    const { told, published, waits } = await tell(
      Array.from({ length: 6 }, () => "a"),
      Array.from({ length: 5 }, () => away),
      silent,
    );
    expect(told).toEqual(["waiting", "live"]);
    expect(published).toHaveLength(6);
    expect(waits).toEqual([250, 500, 1_000, 2_000, 3_000, Infinity]);
  });

  it("sends the newest save when the platform is back", async () => {
    const { told, published } = await tell(["a", "b", "c"], [away, away]);
    expect(published).toEqual(["a", "b", "c"]);
    expect(told).toEqual(["waiting", "live"]);
  });

  it("sends again what was refused when it is saved again, for the reason may be gone", async () => {
    const refusal = new PlatformError("invalid", "There is no module greetings.");
    const { told, published } = await tell(["z", "a", "a"], [undefined, refusal]);
    expect(published).toEqual(["z", "a", "a"]);
    expect(told).toEqual(["live", "refused", "live"]);
  });

  it("keeps to itself what is wrong with a save that the next one has overtaken", async () => {
    const refusal = new PlatformError("invalid", "There is nothing in it.");
    expect((await tell(["a", syntax("x"), "b"], [], [], [2])).told).toEqual(["live", "live"]);
    expect((await tell(["a", "", "b"], [undefined, refusal], [], [2])).told).toEqual(["live", "live"]);
    expect((await tell(["a", "", "a"], [undefined, refusal], [], [2])).told).toEqual(["live"]);
  });

  it("ends when going on makes no sense", async () => {
    const revoked = new PlatformError("unauthenticated", "The key is no good.");
    await expect(tell(["a", "b"], [revoked])).rejects.toBe(revoked);
    await expect(tell(["a", "b"], [new TypeError("a bug") as unknown as PlatformError])).rejects.toThrow("a bug");
  });
});
