import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { newComputer } from "../testing/host.ts";

it("types are written beside the script, anew over older ones, and over nothing else", async () => {
  const { isola, home } = await newComputer();
  const path = join(home, "isola.d.ts");
  expect(await isola(["types"])).toEqual({ code: 0, out: `The types are in ${path}.\n`, err: "" });
  expect(await readFile(path, "utf8")).toContain('declare module "isola"');
  await writeFile(path, 'declare module "isola" {}');
  expect((await isola(["types"])).code).toBe(0);
  expect((await readFile(path, "utf8")).length).toBeGreaterThan(1_000);
  await writeFile(join(home, "mine.ts"), "export {}");
  expect((await isola(["types", "mine.ts"])).err).toContain("holds something else");
  expect(await readFile(join(home, "mine.ts"), "utf8")).toBe("export {}");
  expect((await isola(["types", "missing/isola.d.ts"])).err).toContain("cannot be written");
});
