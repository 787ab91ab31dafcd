import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../contracts/client.ts";
import { startPlatform, type Platform } from "./support/platform.ts";

/** A whole platform with an org of scripts that import one another; what they answer is asked over HTTP. */
let platform: Platform;
let client: Client;

const slug = "shop";
const save = async (name: string, kind: "endpoint" | "module", files: Record<string, string>): Promise<void> => {
  await client.putScript({ params: { slug, name }, body: { kind, files } });
};
const ask = async (path: string): Promise<{ status: number; text: string }> =>
  platform.fetch(`${slug}.localhost`, path);

/** Every edge answers so within the second for which it may trust what it knows. */
const answers = (text: string) =>
  expect.poll(() => ask("/?price=150"), { timeout: 1_000, interval: 20 }).toMatchObject({ text });

const MONEY = {
  "index.ts": 'export { format } from "./lib/format";\nexport { cents as default } from "./lib/format";',
  "lib/format.ts": [
    "interface Amount { cents: number }",
    "export const cents = 100;",
    "export function format(amount: Amount): string {",
    "  if (amount.cents < 0) { const wrong: Error = new RangeError('negative'); throw wrong; }",
    "  return (amount.cents / cents).toFixed(2);",
    "}",
  ].join("\n"),
};

beforeAll(async () => {
  platform = await startPlatform();
  client = await platform.client();
  await client.createOrg({ body: { slug } });
  await save("money", "module", MONEY);
  await save("cart", "module", {
    "src/index.ts":
      'import { format } from "money";\nexport const total = (prices: number[]): string => format({ cents: prices.reduce((a, b) => a + b, 0) });',
  });
  await save("page", "endpoint", {
    "src/index.ts": [
      'import { total } from "cart";',
      'import cents, * as money from "money";',
      "export default {",
      "  async fetch(request: Request): Promise<Response> {",
      '    const price = Number(new URL(request.url).searchParams.get("price"));',
      '    const lazy: typeof money = await import("money");',
      '    return new Response([total([price, 50]), cents, lazy.format === money.format].join(" "));',
      "  },",
      "};",
    ].join("\n"),
  });
  await client.createRoute({ params: { slug }, body: { script: "page", path: "/" } });
});
afterAll(() => platform.dispose());

test("a script answers with modules that import modules", async () => {
  expect(await ask("/?price=150")).toMatchObject({ status: 200, text: "2.00 100 true" });
});

test("a module's new version is live in all that use it when saving returns, and so is the one it goes back to", async () => {
  const euros = { ...MONEY, "lib/format.ts": MONEY["lib/format.ts"].replace("toFixed(2)", "toFixed(2) + ' €'") };
  await save("money", "module", euros);
  await answers("2.00 € 100 true");
  await client.rollBackScript({ params: { slug, name: "money" }, body: { version: 1 } });
  await answers("2.00 100 true");
  expect((await client.getScript({ params: { slug, name: "page" } })).live.number).toBe(1);
});

test("an error inside a module is shown in the module's own file and line", async () => {
  const answer = await client.invokeScript({ params: { slug, name: "page" }, body: { path: "/?price=-900" } });
  expect(answer.error?.message).toBe("negative");
  const frames = answer.error?.stack.split("\n") ?? [];
  expect(frames[1]).toMatch(/money\/lib\/format\.ts:4/);
  expect(frames[2]).toMatch(/cart\/src\/index\.ts:2/);
  expect(frames[3]).toMatch(/\(src\/index\.ts:7/);
});

test("a module that is refused leaves what is live as it was", async () => {
  await expect(save("money", "module", { "index.ts": "export const other = 1;" })).rejects.toMatchObject({
    code: "conflict",
    details: {
      users: [
        { name: "cart", imports: ["format"] },
        { name: "page", imports: ["default"] },
      ],
    },
  });
  await answers("2.00 100 true");
});

test("a loop without an end in a module ends its run, by the limit of the script that was called", async () => {
  await save("spin", "module", { "index.ts": "export function spin(): void {\n  for (;;) {}\n}" });
  await save("spinner", "endpoint", { "index.ts": 'import { spin } from "spin";\nexport default () => spin();' });
  await client.patchScript({ params: { slug, name: "spinner" }, body: { limits: { cpuMs: 50 } } });
  const answer = await client.invokeScript({ params: { slug, name: "spinner" }, body: {} });
  expect(answer.status).toBe(507);
  const latest = async () =>
    (await client.listExecutions({ params: { slug }, query: { script: "spinner" } })).items[0] ?? null;
  await expect.poll(latest).toMatchObject({ outcome: "over_budget", brokenLimit: "cpuMs" });
  expect((await ask("/?price=150")).status).toBe(200);
});

test("scripts and modules share packages that nobody bundled", async () => {
  await save("names", "module", { "index.ts": 'import { z } from "zod";\nexport const name = z.string().min(2);' });
  await save("app", "endpoint", {
    "index.ts": [
      'import { Hono } from "hono";',
      'import { z } from "zod";',
      'import { name } from "names";',
      "const app = new Hono();",
      "const person = z.object({ name });",
      'app.get("/people/:name", (c) => c.json(person.safeParse(c.req.param()).success));',
      "export default app;",
    ].join("\n"),
  });
  await client.createRoute({ params: { slug }, body: { script: "app", path: "/people/*" } });
  expect((await ask("/people/ada")).text).toBe("true");
  expect((await ask("/people/a")).text).toBe("false");
});
