import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { runShell } from "./support/command.ts";
import { startPlatform, type Platform } from "./support/platform.ts";

const PAGE = resolve(import.meta.dirname, "../examples/README.md");

let platform: Platform;
let home: string;
let sections: Map<string, string[]>;

const run = async (command: string): Promise<string> => {
  // Only the port differs: the default one may be taken where this runs. curl must fail on a refusal.
  const here = command.replaceAll(":8787", `:${platform.port}`).replace(/^curl /, "curl -sf ");
  const ran = await runShell(here, { ISOLA_CONFIG: home });
  if (ran.code !== 0) throw new Error(`${here}\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
};

/** Runs the commands of a section of the page one after another; what each printed. */
async function runSection(heading: string): Promise<string[]> {
  const printed: string[] = [];
  for (const command of sections.get(heading) ?? []) printed.push(await run(command));
  return printed;
}

/** The commands of the `sh` blocks below each heading. Blocks without a language are shown, not run. */
function sectionsOf(page: string): Map<string, string[]> {
  const parts = page.split(/^### /m).slice(1);
  return new Map(
    parts.map((part) => {
      const blocks = [...part.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? "");
      return [part.slice(0, part.indexOf("\n")), blocks.flatMap((block) => block.trim().split("\n"))];
    }),
  );
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "isola-data-"));
  platform = await startPlatform();
  sections = sectionsOf(await readFile(PAGE, "utf8"));
  const { email, password } = platform.owner;
  await run(`npx isola login --url http://app.localhost:${platform.port} --email ${email} --password "${password}"`);
  await run("npx isola orgs create hello");
});

afterAll(async () => {
  await platform?.dispose();
  await rm(home, { recursive: true, force: true });
});

describe("the examples that keep data, by the commands of their own page", () => {
  it("the guestbook shows what was written into it", async () => {
    const [, signed, shown, listed] = await runSection("A guestbook (kv)");
    expect(JSON.parse(signed ?? "")).toMatchObject({ name: "Ada", message: "Lovely island" });
    expect(JSON.parse(shown ?? "")).toMatchObject({ visits: 1, entries: [{ name: "Ada" }] });
    expect(listed).toMatch(/^\d{16}-/m);
    const refused = await platform.fetch("hello.localhost", "/guestbook", { method: "POST", body: "{}" });
    expect(refused.status).toBe(400);
  });

  it("an order's receipt is sent once, and after the provider was down", async () => {
    const printed = await runSection("Orders (docs, a trigger, dead letters)");
    const mailboxes = printed.filter((text) => text.includes("Receipt for"));
    expect(mailboxes[0]).toContain("ada@example.com");
    expect(mailboxes[0]).not.toContain("bob@example.com");
    expect(printed.find((text) => text.includes("The mail provider does not answer"))).toContain("receipts");
    expect(mailboxes.at(-1)).toContain("bob@example.com");
    const orders = await platform.fetch("hello.localhost", "/orders?email=bob@example.com");
    expect(JSON.parse(orders.text)).toMatchObject([{ totalCents: 900, status: "confirmed" }]);
  });

  it("the nightly report adds up what was ordered", async () => {
    const printed = await runSection("A nightly report (cron)");
    expect(printed.at(-2)).toContain("done");
    expect(Object.values(JSON.parse(printed.at(-1) ?? "") as object)).toEqual([{ orders: 2, totalCents: 3300 }]);
  });

  it("a signed message is kept, and one with a wrong signature refused", async () => {
    const printed = await runSection("A webhook receiver");
    const url = /http:\S+\/webhooks\/\S+/.exec(printed.at(-1) ?? "")?.[0];
    const secret = /whsec_\S+/.exec(printed.at(-1) ?? "")?.[0];
    expect(await run(`node examples/webhook/send.mjs ${url} ${secret} '{"type":"invoice.paid"}'`)).toMatch(/^202 /);
    const wrong = await runShell(`node examples/webhook/send.mjs ${url} whsec_AAAA '{"type":"invoice.paid"}'`);
    expect([wrong.code, wrong.stdout.slice(0, 3)]).toEqual([1, "401"]);
    const deadline = Date.now() + 5_000;
    let kept = "[]";
    while (kept === "[]" && Date.now() < deadline) kept = (await platform.fetch("hello.localhost", "/billing")).text;
    expect(JSON.parse(kept)).toMatchObject([{ type: "invoice.paid" }]);
  });
});
