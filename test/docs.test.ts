import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { runShell } from "./support/command.ts";
import { startPlatform, type Platform } from "./support/platform.ts";

const ROOT = resolve(import.meta.dirname, "..");
const OWNER = { ISOLA_OWNER_EMAIL: "you@example.com", ISOLA_OWNER_PASSWORD: "correct-horse-battery" };

/** Every line of the `sh` blocks of a page, in order. Blocks without a language are shown, not run. */
async function commandsOf(page: string): Promise<string[]> {
  const text = await readFile(join(ROOT, page), "utf8");
  const blocks = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)].map((match) => match[1] ?? "");
  return blocks.flatMap((block) => block.split("\n").map((line) => line.trim())).filter((line) => line !== "");
}

describe.each(["README.md", "docs/quick-start.md", "docs/api.md"])("the commands of %s", (page) => {
  let platform: Platform;
  let home: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "isola-docs-"));
    platform = await startPlatform({ env: OWNER });
  });

  afterAll(async () => {
    await platform?.dispose();
    await rm(home, { recursive: true, force: true });
  });

  it("work one after the other, word for word", async () => {
    const commands = (await commandsOf(page)).filter((command) => command !== "npm start");
    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands) {
      // Only the port differs: the default one may be taken where this runs. curl must fail on a refusal.
      const here = command.replaceAll(":8787", `:${platform.port}`).replace(/^curl /, "curl -sf ");
      const ran = await runShell(here, { ISOLA_CONFIG: home });
      expect(ran.code, `${here}\n${ran.stdout}${ran.stderr}`).toBe(0);
    }
  });
});

describe("the deploy guide", () => {
  it("shows commands that exist", async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const commands = await commandsOf("docs/deploy.md");
    const names = commands.flatMap((command) => /npm run (\S+)/.exec(command)?.[1] ?? []);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it("bundles every Worker as it says, without an account", async () => {
    const ran = await runShell("npm run --silent deploy -- --dry-run");
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^durable-objects .*\ncontrol-plane .*\nrouter .*gzip +\d+ KiB\n$/);
  });

  it("deploys nothing from a file that is not filled in", async () => {
    const ran = await runShell("npm run --silent deploy -- --config wrangler.toml.example");
    expect([ran.code, ran.stdout]).toEqual([1, ""]);
    expect(ran.stderr).toContain("<your account id>");
  });

  it("migrates a database, and says so when none is named", async () => {
    const none = await runShell("npm run --silent migrate", { DATABASE_URL: "" });
    expect(none.code).toBe(1);
    expect(none.stderr).toContain("DATABASE_URL is not set");
    const wrong = await runShell("npm run --silent migrate", { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^isola: /m);
  });
});
