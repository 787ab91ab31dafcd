import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { expect, test } from "vitest";

import { CAPABILITIES, ORG_ROLE_CAPABILITIES, ORG_ROLES } from "../../contracts/rights.ts";

const PAGE = resolve(import.meta.dirname, "../../docs/people.md");
const BLOCK = /(?<=<!-- roles -->\n)[\s\S]*?(?=<!-- \/roles -->)/;

test("the guide's table of roles is the one that decides; `npx vitest run --project api rights -u` writes it anew", async () => {
  const inOrgs = CAPABILITIES.filter((capability) =>
    ORG_ROLES.some((role) => ORG_ROLE_CAPABILITIES[role].has(capability)),
  );
  const rows = inOrgs.map((capability) => {
    const marks = ORG_ROLES.map((role) => (ORG_ROLE_CAPABILITIES[role].has(capability) ? "yes" : ""));
    return `| \`${capability}\` | ${marks.join(" | ")} |`;
  });
  const head = [`| capability | ${ORG_ROLES.join(" | ")} |`, `| --- |${" --- |".repeat(ORG_ROLES.length)}`];
  const table = ["", ...head, ...rows, "", ""].join("\n");
  const page = await readFile(PAGE, "utf8");
  expect(page).toMatch(BLOCK);
  await expect(page.replace(BLOCK, () => table)).toMatchFileSnapshot(PAGE);
});
