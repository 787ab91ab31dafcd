import { join } from "node:path";

import { expect, it } from "vitest";

import { COMMANDS } from "../commands/index.ts";
import { pageOf } from "./page.ts";

const PAGE = join(import.meta.dirname, "../../docs/cli.md");

it("docs/cli.md says what the help says; `npx vitest run --project cli -u cli/framework/page.test.ts` writes it anew", async () => {
  await expect(pageOf(COMMANDS)).toMatchFileSnapshot(PAGE);
});
