import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";

import { type OpenDatabase, openDatabase } from "./open.ts";
import { ask, scratchFolder, withClient } from "./testing/scratch.ts";

const realUrl = process.env["TEST_DATABASE_URL"];
const kinds = realUrl === undefined ? (["embedded"] as const) : (["embedded", "postgres"] as const);

describe.each(kinds)("the gateway to the %s database", (kind) => {
  const scratch = scratchFolder();
  const realName = `gateway_${randomUUID().replaceAll("-", "")}`;
  let database: OpenDatabase;
  let miniflare: Miniflare;

  beforeAll(async () => {
    database = await openDatabase({
      dataDirectory: scratch.path,
      databaseUrl: kind === "postgres" ? await createRealDatabase(realName) : undefined,
      onProgress: () => undefined,
    });
    await ask(database.databaseUrl, "create table ledger (id int primary key, balance int not null)");
    miniflare = await startWorker(database);
  });

  afterAll(async () => {
    await miniflare.dispose();
    await database.close();
    if (kind === "postgres") await ask(realUrl!, `drop database ${realName} with (force)`);
    scratch.remove();
  });

  beforeEach(async () => {
    await ask(database.databaseUrl, "truncate ledger");
    await ask(database.databaseUrl, "insert into ledger values (1, 0)");
  });

  const balance = async (): Promise<unknown> =>
    (await ask(database.databaseUrl, "select balance from ledger where id = 1"))[0]!["balance"];
  const call = async (path: string): Promise<string> => (await miniflare.dispatchFetch(`http://worker${path}`)).text();

  test("a Worker reaches it with the Neon driver as it is configured by default", async () => {
    const [row] = JSON.parse(await call("/version")) as { version: string }[];
    expect(row!.version).toContain(database.version);
  });

  test("transactions at the same time do not lose each other's writes", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => call("/add")));
    expect(answers).toEqual(Array.from({ length: 20 }, () => "added"));
    expect(await balance()).toBe(20);
  });

  test("a Worker that ends in the middle of a transaction leaves nothing of it", async () => {
    expect(await call("/abandon")).toBe("abandoned");
    expect(await call("/add")).toBe("added");
    expect(await balance()).toBe(1);
  });

  test("a connection that breaks off in the middle of a transaction leaves nothing of it", async () => {
    const client = new Client({ connectionString: database.databaseUrl });
    client.on("error", () => undefined);
    await client.connect();
    await client.query("begin");
    await client.query("update ledger set balance = 77");
    client.connection.stream.destroy();
    expect(await balance()).toBe(0);
  });

  test("what a session sets up ends with it", async () => {
    await withClient(database.databaseUrl, async (client) => {
      await client.query("set application_name = 'left behind'");
      await client.query("select pg_advisory_lock(1)");
      await client.query("create temp table notes (a int)");
    });
    const [row] = await ask(
      database.databaseUrl,
      `select current_setting('application_name') as name, to_regclass('notes') is null as gone,
        (select count(*)::int from pg_locks where locktype = 'advisory') as locks`,
    );
    expect(row).toEqual({ name: "", gone: true, locks: 0 });
  });

  test("an error in an extended query leaves the session usable", async () => {
    await withClient(database.databaseUrl, async (client) => {
      await expect(client.query("select $1::int / 0", [1])).rejects.toMatchObject({ code: "22012" });
      expect((await client.query("select $1::int as one", [1])).rows).toEqual([{ one: 1 }]);
    });
  });

  test("a large row goes in and comes out whole", async () => {
    const text = "ä".repeat(1024 * 1024);
    expect(await ask(database.databaseUrl, "select $1::text as text", [text])).toEqual([{ text }]);
  });

  test("a wrong password is refused on the plain port", async () => {
    const url = new URL(database.databaseUrl);
    for (const password of ["", "guess", `${url.password}x`]) {
      url.password = password;
      await expect(ask(url.href, "select 1")).rejects.toThrow(password === "" ? /password/ : /the password is wrong/);
    }
  });

  test("a WebSocket needs the secret in its path, and then still the password", async () => {
    const [host, secret] = database.databaseProxy.split("/");
    for (const path of ["", "v1", "guess/v1", `${secret}x/v1`, `${secret}/v2`]) {
      expect(await upgradeStatus(`ws://${host}/${path}`)).toBe(404);
    }
    expect(await upgradeStatus(`ws://${database.databaseProxy}`)).toBe(101);
    const url = new URL(database.databaseUrl);
    url.password = "guess";
    const stranger = await startWorker({ ...database, databaseUrl: url.href });
    const answer = await stranger.dispatchFetch("http://worker/version");
    expect(await answer.json()).toMatchObject({ code: "28P01" });
    await stranger.dispose();
  });

  test("an ordinary HTTP request finds nothing", async () => {
    const [host, secret] = database.databaseProxy.split("/");
    expect((await fetch(`http://${host}/${secret}/v1`)).status).toBe(404);
  });

  test("bytes that are not PostgreSQL's protocol end their connection only", async () => {
    const { port } = new URL(database.databaseUrl);
    for (const bytes of [
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      Buffer.alloc(64, 0xff),
      Buffer.from([0, 0, 0, 8, 0, 0]),
    ]) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.end(bytes);
      await new Promise((resolve) => socket.once("close", resolve).resume());
    }
    expect(await balance()).toBe(0);
  });
});

async function createRealDatabase(name: string): Promise<string> {
  await ask(realUrl!, `create database ${name}`);
  const url = new URL(realUrl!);
  url.pathname = `/${name}`;
  return url.href;
}

async function startWorker({ databaseUrl, databaseProxy }: OpenDatabase): Promise<Miniflare> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("./testing/ledger-worker.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["workerd"],
    external: ["node:*"],
  });
  return new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: outputFiles[0]!.text,
      compatibilityDate: "2026-10-01",
      bindings: { DATABASE_URL: databaseUrl, DATABASE_PROXY: databaseProxy },
    }),
  );
}

async function upgradeStatus(url: string): Promise<number | undefined> {
  const socket = new WebSocket(url);
  socket.on("error", () => undefined);
  const status = await new Promise<number | undefined>((resolve) => {
    socket.once("open", () => resolve(101));
    socket.once("unexpected-response", (_request, response) => resolve(response.statusCode));
  });
  socket.terminate();
  return status;
}
