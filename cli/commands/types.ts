import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { PlatformError } from "../../contracts/errors.ts";
import { defineCommand } from "../framework/command.ts";

const SOURCE = join(import.meta.dirname, "../../sdk/isola.d.ts");
const FILE = "isola.d.ts";
const DECLARATION = 'declare module "isola"';

export const types = defineCommand({
  name: "types",
  summary: "Write the types of what scripts import as `isola`, for the editor",
  details: "The file stands for itself: beside the script it is enough. It is not uploaded.",
  args: [{ name: "path", about: `where to (default ${FILE})`, optional: true }],
  examples: ["types", "types src/isola.d.ts"],
  async run({ args, host }) {
    const path = resolve(host.cwd, args.path ?? FILE);
    const before = await readFile(path, "utf8").catch(() => null);
    if (before !== null && !before.includes(DECLARATION)) {
      throw new PlatformError("conflict", `${path} is there and holds something else. Name another file.`);
    }
    try {
      await writeFile(path, await readFile(SOURCE, "utf8"));
    } catch (error) {
      throw new PlatformError("invalid", `${path} cannot be written: ${(error as Error).message}.`);
    }
    return { json: { path }, text: `The types are in ${path}.` };
  },
});
