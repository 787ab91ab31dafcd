import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ERROR_CODES } from "../contracts/errors.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const packages = join(here, "../node_modules");

const RIGHT = `
import {
  cache, check, counter, docs, hash, invoke, IsolaError, InvokeError, kv, lock, passwords, queue, secrets, sql, topic, webhook,
  type Context, type DocsEvent, type Handler, type Handlers, type KvEvent, type QueueBatch,
} from "isola";

interface Note { text: string; tags?: string[] }
interface Order { customer: { city: string }; total: number; paidOn?: string; lines: { sku: string; count: number }[] }

const notes = kv.collection<Note>("notes");
const orders = docs.collection<Order>("orders");
const jobs = queue<{ order: string }>("jobs");

export async function data(): Promise<void> {
  const note: Note | undefined = await notes.get("a");
  const { version }: { version: number } = await notes.set("a", { text: note?.text ?? "" }, { ttlSeconds: 60, ifVersion: 0 });
  const many: Map<string, Note> = await notes.getMany(["a", "b"]);
  await notes.setMany({ a: { text: "1" } }, { ttlSeconds: 5 });
  await notes.setMany(many);
  const { items, cursor } = await notes.list({ prefix: "a", limit: 10 });
  const texts: string[] = items.map(({ value }) => value.text);
  const { items: keys } = await notes.list({ values: false });
  const names: string[] = keys.map(({ key }) => key);
  for await (const { key, value } of notes.entries({ prefix: "x" })) texts.push(key + value.text);
  const updated: Note = await notes.update("a", (before) => ({ text: (before?.text ?? "") + "!" }));
  const maybe: Note | undefined = await notes.update("a", (before) => (before === undefined ? undefined : before));
  await notes.batch([{ operation: "delete", key: "a", ifVersion: version }, { operation: "set", key: "b", value: updated }]);
  await notes.batch((batch) => { batch.set("a", { text: "x" }); batch.delete("b"); });
  await kv.collection("anything").set("a", [1, "two", null]);
  await kv.collection<number | undefined>("numbers").set("n", 1);
  void [cursor, names, maybe];
}

export async function documents(): Promise<void> {
  const order = await orders.insert({ customer: { city: "Bonn" }, total: 1, lines: [] });
  const id: string = order.id;
  await orders.insert({ id: "mine", customer: { city: "Bonn" }, total: 1, lines: [] });
  const found = await orders.find(
    { total: { $gte: 10, $lt: 20 }, "customer.city": "Bonn", paidOn: { $exists: true }, $or: [{ id: "a" }, { total: { $in: [1, 2] } }] },
    { sort: { total: "desc" }, limit: 10 },
  );
  const cities: string[] = found.items.map((item) => item.customer.city);
  await orders.find({ paidOn: null }, { sort: [["customer.city", "asc"], ["total", "desc"]], cursor: found.cursor });
  for await (const each of orders.iterate({ total: 1 })) cities.push(each.id);
  const { count, exact }: { count: number; exact: boolean } = await orders.count({ total: 1 });
  await orders.update(id, { total: 2, customer: { city: "Köln" }, paidOn: null }, { ifVersion: 3 });
  await orders.batch((batch) => { batch.update(id, { total: 3 }); batch.delete("mine"); });
  await orders.createIndex("total");
  await orders.createIndex(["customer.city", "total"], { name: "by-city", unique: true });
  await orders.createIndex({ total: "desc" });
  await docs.collection("loose").insert({ what: "ever", n: [1] });
  await docs.collection("loose").find({ what: "ever", n: { $gt: 1 } }, { sort: { n: "asc" } });
  void [cities, count, exact];
}

export async function others(request: Request): Promise<void> {
  const { id } = await jobs.send({ order: "1" }, { delaySeconds: 5 });
  await jobs.sendBatch([{ value: { order: id } }, { value: { order: "2" }, delaySeconds: 1 }]);
  await topic<string>("news").publish("hello");
  const key: string = await secrets.require("KEY");
  const perhaps: string | undefined = await secrets.get("KEY");
  const done: number = await lock("job", { ttlSeconds: 5 }, async (held) => { await held.extend(); return held.fence; });
  const plain: string = await lock("job", () => "done");
  await (await lock.acquire("job"))?.release();
  const hits: number = await counter("hits").add();
  const rate: { eur: number } = await cache.remember("rate", { ttlSeconds: 60 }, async () => ({ eur: 1 }));
  const rows = await sql<{ id: number; name: string }>\`select id, name from users where id = \${hits}\`;
  const name: string | undefined = rows[0]?.name;
  const [first, second] = await sql.transaction([sql<{ a: number }>\`select 1 as a\`, sql<{ b: string }>\`select 'x' as b\`]);
  const a: number | undefined = first[0]?.a;
  const b: string | undefined = second[0]?.b;
  await fetch("https://example.com", { method: "POST", ...(await webhook.sign(key, { a: 1 })) });
  const { payload } = await webhook.verify([key], request.headers, await request.text());
  const same: boolean = await hash.equal(await hash.hmac(key, "x"), await hash.sha256("x"));
  const ok: boolean = await passwords.verify("secret", await passwords.hash("secret"));
  const given: unknown = payload;
  if (check.email(given)) given.toUpperCase();
  const answer = await invoke<{ total: number }>("pricing", { items: [1] });
  const { executionId } = await invoke("audit", null, { wait: false });
  void [perhaps, done, plain, rate, name, a, b, same, ok, answer.total, executionId];
}

export const plain: Handler = (request, { params, event }) => {
  if (event?.kind === "kv") return { key: event.key, operation: event.operation };
  if (event?.kind === "dead_letter" && event.failed.kind === "queue") return event.failed.messages.length;
  return new Response(params["name"] ?? request.url);
};

export const typed = (_request: Request, context: Context): string => context.executionId;

export default {
  async fetch(request, _env, ctx) {
    ctx.waitUntil(Promise.resolve());
    try { await data(); } catch (error) {
      if (error instanceof InvokeError) return new Response(error.body, { status: error.status });
      if (error instanceof IsolaError && error.code === "conflict") return new Response(error.message, { status: 409 });
      throw error;
    }
    return new Response(request.url);
  },
  async event(event: KvEvent<Note> | DocsEvent<Order>) {
    if (event.kind === "kv") return event.next?.text;
    return event.next?.customer.city ?? event.prev?.id;
  },
  scheduled(controller) {
    const at: Date = new Date(controller.scheduledTime);
    if (at.getTime() > 0) controller.noRetry();
  },
  async queue(batch: QueueBatch<{ order: string }>) {
    for (const message of batch.messages) {
      if (message.attempts > 3) message.ack();
      else message.retry({ delaySeconds: message.value.order.length });
    }
  },
} satisfies Handlers;
`;

/** Each line is one wrong use, and has to be an error by itself. */
const WRONG_HEAD = `import { docs, invoke, kv, lock, queue, secrets, sql, type Handlers } from "isola";
const notes = kv.collection<{ text: string }>("notes");
const orders = docs.collection<{ total: number; paidOn?: string }>("orders");
const value = await notes.get("a");
`;
const WRONG = [
  `await notes.set("a", { txt: "x" });`,
  `await notes.set("a", { text: 1 });`,
  `await notes.set("a", undefined);`,
  `await notes.set(1, { text: "x" });`,
  `await notes.set("a", { text: "x" }, { ttl: 5 });`,
  `await notes.set("a", { text: "x" }, { ttlSeconds: "5" });`,
  `await kv.collection<Map<string, string>>("maps").set("a", new Map());`,
  `await kv.collection<bigint>("big").set("a", 1n);`,
  `await kv.collection<() => void>("functions").set("a", () => {});`,
  `value.text;`,
  `(await notes.list({ values: false })).items[0]?.value;`,
  `await notes.batch([{ operation: "drop", key: "a" }]);`,
  `await notes.update("a", () => 1);`,
  `await notes.get(["a"]);`,
  `kv.get("a");`,
  `await orders.insert({ total: "1" });`,
  `await orders.insert({});`,
  `await orders.find({ totl: 1 });`,
  `await orders.find({ total: { $regex: "x" } });`,
  `await orders.find({ total: "1" });`,
  `await orders.find({ total: { $in: 1 } });`,
  `await orders.find({}, { sort: { total: "down" } });`,
  `await orders.find({}, { sort: { totl: "asc" } });`,
  `await orders.update("a", { total: null });`,
  `await orders.update("a", { totl: 1 });`,
  `await orders.createIndex("totl");`,
  `await docs.collection<string>("texts").get("a");`,
  `await queue<{ n: number }>("q").send({ n: "1" });`,
  `await queue("q").send(1, { delayMs: 5 });`,
  `(await secrets.get("KEY")).length;`,
  `await lock("name", { ttlSeconds: 5 });`,
  `(await lock.acquire("name")).release();`,
  `await sql("select 1");`,
  "await sql`select ${{ a: 1 }}`;",
  "(await sql<{ id: number }>`select 1`)[0]?.name;",
  `(await invoke("x", null, { wait: false })).total;`,
  `import { files } from "isola";`,
  `const one = { fetch: () => 1 } satisfies Handlers;`,
  `const two = { onEvent() {} } satisfies Handlers;`,
  `const three = { queue(batch) { batch.messages[0]?.nack(); } } satisfies Handlers;`,
];

let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "isola-types-"));
  cpSync(join(here, "isola.d.ts"), join(project, "isola.d.ts"));
  mkdirSync(join(project, "node_modules/@cloudflare"), { recursive: true });
  symlinkSync(join(packages, "@cloudflare/workers-types"), join(project, "node_modules/@cloudflare/workers-types"));
  writeFileSync(join(project, "right.ts"), RIGHT);
  writeFileSync(join(project, "wrong.ts"), [WRONG_HEAD.trimEnd(), ...WRONG, "export {};"].join("\n"));
  writeFileSync(
    join(project, "codes.ts"),
    `import type { IsolaErrorCode } from "isola";
const codes = ${JSON.stringify(ERROR_CODES)} as const;
export const none: Exclude<(typeof codes)[number], IsolaErrorCode> | Exclude<IsolaErrorCode, (typeof codes)[number]> = undefined as never;`,
  );
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

/** What the compiler says of files in a project that knows the module by its declarations alone. */
async function compiled(files: string[], compilerOptions: object): Promise<{ line: number; text: string }[]> {
  const config = join(project, `tsconfig.${files[0] ?? ""}.${Object.keys(compilerOptions).length}.json`);
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true };
  const options = { ...strict, target: "ES2024", module: "ESNext", moduleResolution: "Bundler", ...compilerOptions };
  writeFileSync(config, JSON.stringify({ compilerOptions: options, files: ["isola.d.ts", ...files] }));
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [join(packages, "typescript/bin/tsc"), "-p", config], (_, stdout) => resolve(stdout));
  });
  return output.split("\n").flatMap((text) => {
    const found = /\((\d+),\d+\): error/.exec(text);
    return found === null ? [] : [{ line: Number(found[1]), text }];
  });
}

const BROWSER = { lib: ["ES2024", "DOM", "DOM.Iterable"], types: [] };
const WORKERS = { lib: ["ES2024"], types: ["@cloudflare/workers-types"], skipLibCheck: true };

describe("the types of the module", () => {
  test.each([
    ["the web's", BROWSER],
    ["Workers'", WORKERS],
  ])("let right use compile, with %s own types beside them", async (_, options) => {
    expect(await compiled(["right.ts", "codes.ts"], options)).toEqual([]);
  });

  test("make wrong use an error", async () => {
    const first = WRONG_HEAD.trimEnd().split("\n").length + 1;
    const lines = new Set((await compiled(["wrong.ts"], BROWSER)).map(({ line }) => line));
    expect(WRONG.filter((_, index) => !lines.has(first + index))).toEqual([]);
    expect([...lines].filter((line) => line < first)).toEqual([]);
  });
});
