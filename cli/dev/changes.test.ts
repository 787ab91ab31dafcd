import { writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { describe, expect, it, onTestFinished } from "vitest";

import { Changes } from "./changes.ts";

const never = new AbortController().signal;
/** Long enough for a change to be heard where there is one, in milliseconds. */
const QUIET_MS = 150;
const SOON_MS = 3_000;

async function watching(...names: string[]) {
  const folder = await mkdtemp(join(tmpdir(), "isola-changes-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) await writeFile(path, "1");
  const changes = new Changes();
  onTestFinished(() => changes.close());
  changes.follow(new Set(paths), Infinity);
  return { folder, changes, path: (name: string) => join(folder, name) };
}

describe("the watch over files", () => {
  it("hears a write, a rename into place and a removal", async () => {
    const { changes, path } = await watching("a.ts");
    await writeFile(path("a.ts"), "2");
    expect(await changes.next(never, SOON_MS)).not.toBeNull();
    await writeFile(path("a.ts.tmp"), "3");
    await rename(path("a.ts.tmp"), path("a.ts"));
    expect(await changes.next(never, SOON_MS)).not.toBeNull();
    await rm(path("a.ts"));
    expect(await changes.next(never, SOON_MS)).not.toBeNull();
    await writeFile(path("a.ts"), "4");
    expect(await changes.next(never, SOON_MS)).not.toBeNull();
  });

  it("leaves other files alone, but for those that decide how all are read", async () => {
    const { changes, path } = await watching("a.ts");
    await writeFile(path("notes.txt"), "");
    await writeFile(path(".a.ts.swp"), "");
    expect(await changes.next(never, QUIET_MS)).toBeNull();
    await writeFile(path("package.json"), "{}");
    expect(await changes.next(never, SOON_MS)).not.toBeNull();
  });

  it("takes saves that come close together as one", async () => {
    const { changes, path } = await watching("a.ts", "b.ts");
    const next = changes.next(never, SOON_MS);
    for (let save = 0; save < 5; save++) writeFileSync(path(save % 2 === 0 ? "a.ts" : "b.ts"), String(save));
    expect(await next).not.toBeNull();
    expect(await changes.next(never, QUIET_MS)).toBeNull();
  });

  it("remembers what changed while nobody waited", async () => {
    const { changes, path } = await watching("a.ts");
    await writeFile(path("a.ts"), "2");
    await pause(QUIET_MS);
    const startedAt = performance.now();
    expect(await changes.next(never, SOON_MS)).toBeLessThan(startedAt);
  });

  it("counts what was written between the reading and the watch", async () => {
    const { folder, changes, path } = await watching();
    const readAt = Date.now();
    await writeFile(path("late.ts"), "2");
    changes.follow(new Set([path("late.ts")]), readAt);
    expect(await changes.next(never, 0)).not.toBeNull();
    await mkdir(join(folder, "old"));
    await writeFile(path("old/a.ts"), "1");
    changes.follow(new Set([path("old/a.ts")]), Date.now() + 1_000);
    expect(await changes.next(never, 0)).toBeNull();
  });

  it("follows a folder that was removed and made again", async () => {
    const { folder, changes } = await watching();
    const file = join(folder, "sub/a.ts");
    await mkdir(join(folder, "sub"));
    await writeFile(file, "1");
    changes.follow(new Set([file]), Infinity);
    await rm(join(folder, "sub"), { recursive: true });
    expect(await changes.next(never, SOON_MS)).not.toBeNull();
    changes.follow(new Set([file]), Infinity);
    await mkdir(join(folder, "sub"));
    await writeFile(file, "2");
    changes.follow(new Set([file]), Infinity);
    await changes.next(never, QUIET_MS);
    await writeFile(file, "3");
    expect(await changes.next(never, SOON_MS)).not.toBeNull();
  });

  it("stops waiting at the end", async () => {
    const { changes } = await watching("a.ts");
    const end = new AbortController();
    setTimeout(() => end.abort(), 20);
    expect(await changes.next(end.signal)).toBeNull();
    expect(await changes.next(end.signal)).toBeNull();
  });
});
