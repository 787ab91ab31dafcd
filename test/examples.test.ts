import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";

import { runShell } from "./support/command.ts";
import { startPlatform, type Platform } from "./support/platform.ts";

const EXAMPLES = resolve(import.meta.dirname, "../examples");

let platform: Platform;
let home: string;

const json = async (path: string, init?: { method: string; body: string }): Promise<unknown> => {
  const headers = { "content-type": "application/json" };
  const answer = await platform.fetch("hello.localhost", path, init === undefined ? {} : { ...init, headers });
  return JSON.parse(answer.text);
};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "isola-examples-"));
  platform = await startPlatform();
  const { email, password } = platform.owner;
  const url = `http://app.localhost:${platform.port}`;
  const run = async (command: string): Promise<void> => {
    const ran = await runShell(command, { ISOLA_CONFIG: home });
    if (ran.code !== 0) throw new Error(`${command}\n${ran.stdout}${ran.stderr}`);
  };
  await run(`npx isola login --url ${url} --email ${email} --password "${password}"`);
  await run("npx isola orgs create hello");
  // The commands are those of the examples' own page.
  const page = await readFile(join(EXAMPLES, "README.md"), "utf8");
  const commands = [...page.matchAll(/`(npx isola deploy [^`]+)`/g)].map((match) => match[1] ?? "");
  expect(commands).toHaveLength(9);
  for (const command of commands) await run(command);
});

afterAll(async () => {
  await platform?.dispose();
  await rm(home, { recursive: true, force: true });
});

describe("the examples, all in one org", () => {
  it("hello.ts answers with its parameter", async () => {
    expect(await json("/hello")).toEqual({ hello: "world" });
    expect(await json("/hello/ada")).toEqual({ hello: "ada" });
  });

  it("the Hono app routes, validates, and answers its own errors", async () => {
    expect(await json("/items/1")).toEqual({ id: "1", name: "Lantern", price: 24 });
    expect(await json("/items", { method: "POST", body: '{"name":"Rope","price":9}' })).toEqual({
      created: { name: "Rope", price: 9 },
    });
    expect(await json("/items", { method: "POST", body: '{"name":""}' })).toEqual({
      error: "name must be a text that is not empty",
    });
    const missing = await platform.fetch("hello.localhost", "/items/9");
    expect([missing.status, missing.headers["server-timing"]]).toEqual([404, expect.stringMatching(/^app;dur=\d/)]);
    expect((await platform.fetch("hello.localhost", "/fail")).status).toBe(500);
  });

  it("the itty-router app routes and answers its own errors", async () => {
    expect(await json("/notes/2")).toEqual({ id: "2", text: "The lamp wants oil" });
    expect(await json("/notes", { method: "POST", body: '{"text":"Buy rope"}' })).toEqual({
      created: { text: "Buy rope" },
    });
    expect((await platform.fetch("hello.localhost", "/notes/9")).status).toBe(404);
  });

  it("the page for members sends strangers to sign in, and back", async () => {
    const { status, headers } = await platform.fetch("hello.localhost", "/members?tab=1");
    expect([status, headers["location"]]).toEqual([302, "/.isola/sign-in?to=%2Fmembers%3Ftab%3D1"]);
  });

  it("two scripts share a module, and follow it when it changes", async () => {
    expect(await json("/price/1250")).toEqual({ price: "€12.50" });
    const body = '[{"name":"Rope","cents":900},{"name":"Lamp","cents":2400}]';
    const receipt = await platform.fetch("hello.localhost", "/receipt", { method: "POST", body });
    expect(receipt.text).toBe("Rope €9.00\nLamp €24.00\nTotal €33.00\n");
    const client = await platform.client();
    await client.putScript({
      params: { slug: "hello", name: "money" },
      body: { kind: "module", source: "export const formatMoney = (cents) => `${cents} cents`;" },
    });
    expect(await json("/price/1250")).toEqual({ price: "1250 cents" });
    const again = await platform.fetch("hello.localhost", "/receipt", { method: "POST", body });
    expect(again.text).toContain("Total 3300 cents");
  });

  it("the WebSocket echoes text and bytes", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${platform.port}/echo`, {
      headers: { host: `hello.localhost:${platform.port}` },
    });
    await new Promise((done, fail) => {
      socket.once("open", done);
      socket.once("error", fail);
    });
    const next = (): Promise<string> =>
      new Promise((done) => socket.once("message", (data: Buffer) => done(data.toString())));
    let heard = next();
    socket.send("over and out");
    expect(await heard).toBe("over and out");
    heard = next();
    socket.send(Buffer.from("bytes"));
    expect(await heard).toBe("bytes");
    socket.close();
  });

  it("the clock ticks while somebody listens", async () => {
    const text = await new Promise<string>((done, fail) => {
      const outgoing = httpRequest(
        { host: "127.0.0.1", port: platform.port, path: "/clock", headers: { host: "hello.localhost" } },
        (incoming) => {
          let heard = incoming.headers["content-type"] ?? "";
          incoming.on("data", (chunk: Buffer) => {
            heard += chunk.toString();
            if (heard.includes("id: 2")) {
              outgoing.destroy();
              done(heard);
            }
          });
        },
      );
      outgoing.once("error", fail);
      outgoing.end();
    });
    expect(text).toMatch(/^text\/event-stream.*id: 1\nevent: tick\ndata: \d{4}-.*id: 2/s);
  });

  it("a failure shows up in the log with the example's own lines", async () => {
    const deadline = Date.now() + 5_000;
    let log = "";
    while (!log.includes("This route always fails") && Date.now() < deadline) {
      log = (await runShell("npx isola logs --org hello --script api", { ISOLA_CONFIG: home })).stdout;
    }
    expect(log).toContain("This route always fails");
    expect(log).toContain("GET /fail → 500");
    expect(log).toMatch(/index\.ts:27/);
  });
});
