import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { describe, expect, it } from "vitest";

import * as limits from "../contracts/limits.ts";
import { LIMIT_NAMES, SCRIPT_LIMITS, type LimitName } from "../contracts/script-limits.ts";
import { grouped, inBytes, readBounds } from "./support/bounds.ts";

const PAGE = resolve(import.meta.dirname, "../docs/limits.md");
const BLOCK = /(?<=<!-- bounds -->\n)[\s\S]*?(?=<!-- \/bounds -->)/;

const inWords = (name: LimitName, value: number): string => {
  if (name.endsWith("Bytes")) return inBytes(value);
  return name.endsWith("Ms") ? `${grouped(value)} ms` : grouped(value);
};

const cellsOf = (line: string): string[] =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

describe("the guide to the limits", () => {
  it("says of each limit of a script what it is by default, at least and at most", async () => {
    const rows = (await readFile(PAGE, "utf8")).split("\n").filter((line) => line.startsWith("| `"));
    const said = new Map(rows.map((line) => [cellsOf(line)[0], cellsOf(line).slice(2, 5)]));
    for (const name of LIMIT_NAMES) {
      const { default: usual, min, max } = SCRIPT_LIMITS[name];
      expect([name, said.get(`\`${name}\``)]).toEqual([name, [usual, min, max].map((value) => inWords(name, value))]);
    }
  });

  it.each<[string, string]>([
    [
      "runs at once, on one edge",
      `${limits.CONCURRENCY_PER_ORG_MAX}, at most ${grouped(limits.CONCURRENCY_PER_ORG_CEILING)} by \`concurrencyMax\``,
    ],
    ["scripts", grouped(limits.SCRIPTS_PER_ORG_MAX)],
    ["routes", grouped(limits.ROUTES_PER_ORG_MAX)],
    ["versions kept of one script", grouped(limits.VERSIONS_PER_SCRIPT_MAX)],
    ["modules that import one another in a row", grouped(limits.MODULE_DEPTH_MAX)],
    ["names in a list of hosts that scripts may or may not reach", grouped(limits.EGRESS_LIST_LENGTH_MAX)],
    ["live tails", grouped(limits.TAILS_PER_ORG_MAX)],
    ["executions kept", `${limits.LOG_RETENTION_MS / 86_400_000} days or ${inBytes(limits.LOG_RETENTION_BYTES)}`],
    ["all files together", inBytes(limits.SOURCE_BYTES_MAX)],
    ["files", grouped(limits.FILES_PER_VERSION_MAX)],
    ["path of a file", `${grouped(limits.FILE_PATH_LENGTH_MAX)} characters`],
    ["one file of TypeScript or JSX", `${grouped(limits.TYPESCRIPT_FILE_LENGTH_MAX)} characters`],
    ["source map", inBytes(limits.SOURCE_MAP_BYTES_MAX)],
    ["turns of loops and calls of functions while the modules load", grouped(limits.STARTUP_TICKS_MAX)],
    ["body, to a script", inBytes(limits.TENANT_BODY_BYTES_MAX)],
    ["body, to the API", inBytes(limits.API_BODY_BYTES_MAX)],
    ["host name", `${grouped(limits.HOST_LENGTH_MAX)} characters`],
    ["what runs on after the answer (`waitUntil`)", `${grouped(limits.WAIT_UNTIL_MS)} ms`],
    ["answer that a test invoke carries back", inBytes(limits.INVOKE_RESPONSE_BYTES_MAX)],
    ["attempts to sign in from one address", `${limits.SIGN_IN_ATTEMPTS_MAX} in ${limits.SIGN_IN_WINDOW_S} s`],
  ])("says the right number for: %s", async (what, value) => {
    const row = (await readFile(PAGE, "utf8")).split("\n").find((line) => cellsOf(line)[0] === what);
    expect(cellsOf(row ?? "")[1]).toBe(value);
  });

  it("lists every bound there is; `npx vitest run --project redteam -u limits-page` writes the list anew", async () => {
    const rows = (await readBounds()).map(({ name, what, value }) => `| \`${name}\` | ${value} | ${what} |`);
    const table = ["", "| name | value | what it bounds |", "| --- | --- | --- |", ...rows, "", ""].join("\n");
    const page = await readFile(PAGE, "utf8");
    expect(page).toMatch(BLOCK);
    await expect(page.replace(BLOCK, () => table)).toMatchFileSnapshot(PAGE);
  });
});
