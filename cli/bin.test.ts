import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { describe, expect, it, onTestFinished } from "vitest";

import { VERSION } from "./version.ts";

const BIN = join(import.meta.dirname, "bin.mjs");
const TOO_OLD = [
  "--import",
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.0.0"}})',
];

const start = (
  bin: string,
  words: string[],
  nodeOptions: string[] = [],
  env: Record<string, string> = {},
): ChildProcess =>
  spawn(process.execPath, [...nodeOptions, bin, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ISOLA_CONFIG: "/nowhere", ISOLA_URL: "", ISOLA_TOKEN: "", NODE_OPTIONS: "", ...env },
  });

async function outcomeOf(child: ChildProcess) {
  if (child.stdout === null || child.stderr === null) throw new Error("The child has no pipes.");
  const exit = once(child, "exit");
  const [out, err, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { out, err, code: code as number | null, signal: signal as string | null };
}

describe("the isola program", () => {
  it.each([
    ["on this Node", []],
    ["handed over by an older Node", TOO_OLD],
  ])("%s runs the command line and passes on its exit code, quietly", async (_, options) => {
    expect(await outcomeOf(start(BIN, ["--version"], options))).toEqual({
      out: `isola ${VERSION}\n`,
      err: "",
      code: 0,
      signal: null,
    });
    expect((await outcomeOf(start(BIN, ["whoami"], options))).code).toBe(1);
    expect((await outcomeOf(start(BIN, ["xyzzy"], options))).code).toBe(2);
  });

  it("handed over by an older Node ends when it is told to", async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const connected = once(server, "connection");
    const url = `http://app.localhost:${(server.address() as AddressInfo).port}`;
    const child = start(BIN, ["whoami"], TOO_OLD, { ISOLA_URL: url, ISOLA_TOKEN: "x" });
    const outcome = outcomeOf(child);
    await connected;
    child.kill("SIGTERM");
    expect(await outcome).toMatchObject({ code: null, signal: "SIGTERM" });
  });

  it("says what to do when the project is not set up", async () => {
    const folder = await mkdtemp(join(tmpdir(), "isola-bin-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await cp(BIN, join(folder, "cli", "bin.mjs"));
    const { code, err } = await outcomeOf(start(join(folder, "cli", "bin.mjs"), ["whoami"]));
    expect(code).toBe(1);
    expect(err).toContain("Run `npm start`");
  });
});
