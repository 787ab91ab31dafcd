import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { StartError } from "../start-error.ts";
import { type OpenDatabase, openDatabase } from "./open.ts";
import { ask, scratchFolder } from "./testing/scratch.ts";

describe("the embedded database", () => {
  const scratch = scratchFolder();
  const dataDirectory = join(scratch.path, "data");
  const open = (onProgress: (text: string) => void = () => undefined): Promise<OpenDatabase> =>
    openDatabase({ dataDirectory, onProgress });
  let database: OpenDatabase | undefined;

  beforeAll(async () => {
    const first = await open();
    await ask(first.databaseUrl, "create table kept (text text)");
    await ask(first.databaseUrl, "insert into kept values ('from the first start')");
    await first.close();
  });

  afterEach(async () => {
    await database?.close();
    database = undefined;
  });

  afterAll(() => scratch.remove());

  test("keeps what was written when it is closed and opened again", async () => {
    database = await open();
    expect(await ask(database.databaseUrl, "select text from kept")).toEqual([{ text: "from the first start" }]);
  });

  test("has another password and another path at every start", async () => {
    database = await open();
    const first = database;
    await first.close();
    database = await open();
    expect(new URL(database.databaseUrl).password).not.toBe(new URL(first.databaseUrl).password);
    expect(database.databaseProxy.split("/")[1]).not.toBe(first.databaseProxy.split("/")[1]);
  });

  test("keeps every acknowledged row when its process is killed while it writes", async () => {
    const writer = spawn(
      process.execPath,
      [fileURLToPath(new URL("./testing/writer.ts", import.meta.url)), dataDirectory],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let said = "";
    writer.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    while (!said.includes("\n200\n")) await once(writer.stdout, "data");
    writer.kill("SIGKILL");
    await once(writer, "close");
    const acknowledged = Number(said.trimEnd().split("\n").at(-1));

    database = await open();
    const [row] = await ask(database.databaseUrl, "select count(*)::int as count, max(number) as last from written");
    expect(row!["last"]).toBe(row!["count"]);
    expect(row!["count"]).toBeGreaterThanOrEqual(acknowledged);
  });

  test("refuses to be opened twice", async () => {
    database = await open();
    await expect(open()).rejects.toThrow(`in use by process ${process.pid}`);
    expect(await ask(database.databaseUrl, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("starts again at the same addresses when it breaks down, with all that was committed", async () => {
    const heard: string[] = [];
    database = await open((text) => heard.push(text));
    await ask(database.databaseUrl, "insert into kept values ('before the breakdown')");
    // A copy from the client is more than the engine survives.
    await expect(ask(database.databaseUrl, "copy kept from stdin")).rejects.toThrow();
    await expect
      .poll(() => ask(database!.databaseUrl, "select text from kept").catch(() => "not yet"), { timeout: 10_000 })
      .toEqual([{ text: "from the first start" }, { text: "before the breakdown" }]);
    expect(heard.join("\n")).toContain("started again: the embedded database stopped");
  });

  test("does not take a folder whose making was cut short for a database", async () => {
    database = await open();
    await database.close();
    const other = join(scratch.path, "cut-short");
    mkdirSync(join(other, "database.new"), { recursive: true });
    writeFileSync(join(other, "database.new", "PG_VERSION"), "18\n");
    database = await openDatabase({ dataDirectory: other, onProgress: () => undefined });
    expect(await ask(database.databaseUrl, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(readdirSync(other).toSorted()).toEqual(["database", "database.lock"]);
  });

  test("leaves files alone that are not its own", async () => {
    const other = join(scratch.path, "foreign");
    mkdirSync(join(other, "database"), { recursive: true });
    writeFileSync(join(other, "database", "letter.txt"), "dear");
    const refusal = openDatabase({ dataDirectory: other, onProgress: () => undefined });
    await expect(refusal).rejects.toBeInstanceOf(StartError);
    expect(readdirSync(join(other, "database"))).toEqual(["letter.txt"]);
    expect(existsSync(join(other, "database.lock"))).toBe(false);
  });

  test("says in one line that its files are damaged, and lets the folder go", async () => {
    const damaged = join(scratch.path, "damaged");
    cpSync(join(dataDirectory, "database"), join(damaged, "database"), { recursive: true });
    rmSync(join(damaged, "database", "global", "pg_control"));
    const refusal = openDatabase({ dataDirectory: damaged, onProgress: () => undefined });
    await expect(refusal).rejects.toThrow(/the embedded database in .*damaged\/database does not start: /);
    expect(readdirSync(damaged)).toEqual(["database"]);
  });
});

describe("an address that leads to no database", () => {
  const scratch = scratchFolder();
  const silent = createServer(() => undefined);
  const foreign = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));

  beforeAll(async () => {
    for (const server of [silent, foreign]) await once(server.listen(0, "127.0.0.1"), "listening");
  });

  afterAll(() => {
    silent.close();
    foreign.close();
    scratch.remove();
  });

  const portOf = (server: typeof silent): number => (server.address() as AddressInfo).port;
  const lineFor = async (databaseUrl: string): Promise<string> => {
    const error: unknown = await openDatabase({
      dataDirectory: join(scratch.path, "data"),
      databaseUrl,
      onProgress: () => undefined,
    }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StartError);
    return (error as StartError).line;
  };

  test.each([
    ["", "is not the address of a PostgreSQL database"],
    ["somewhere", "is not the address of a PostgreSQL database"],
    ["mysql://user:hidden@127.0.0.1/name", "is not the address of a PostgreSQL database"],
    ["postgres://user:hidden@127.0.0.1", "is not the address of a PostgreSQL database"],
    ["postgres://user:hidden@127.0.0.1:1/name", "the database at 127.0.0.1:1/name cannot be used: nothing listens"],
    ["postgres://user:hidden@no-such-host.invalid/name", "cannot be used: "],
    ["postgres://user:hidden@127.0.0.1/name?sslrootcert=/nowhere", "has parameters that cannot be used"],
  ])("%s is refused in one line without its password", async (databaseUrl, said) => {
    const line = await lineFor(databaseUrl);
    expect(line).toContain(said);
    expect(line).toMatch(/^isola: [^\n]+ — [^\n]+$/);
    expect(line).not.toContain("hidden");
    expect(existsSync(join(scratch.path, "data"))).toBe(false);
  });

  test("a host that takes the connection and says nothing is given up within five seconds", async () => {
    const startedAt = Date.now();
    expect(await lineFor(`postgres://user:hidden@127.0.0.1:${portOf(silent)}/name`)).toContain("does not answer");
    expect(Date.now() - startedAt).toBeLessThan(5_000);
  });

  test("a host that speaks something else is refused", async () => {
    expect(await lineFor(`postgres://user:hidden@127.0.0.1:${portOf(foreign)}/name`)).toContain("cannot be used: ");
  });
});
