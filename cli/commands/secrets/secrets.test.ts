import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { Answers } from "../../testing/control-plane.ts";
import { AT } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

const SCRIPT = { id: "scr_00000000000000000000", name: "checkout" };
const aSecret = (name: string, script: typeof SCRIPT | null = null) => ({
  name,
  script,
  createdAt: AT,
  updatedAt: AT,
  keyVersion: 2,
});

const answers: Answers = {
  putSecret: ({ params, body }) => aSecret(params.name, body.script === undefined ? null : SCRIPT),
};

describe("secrets", () => {
  it("are listed with who reads them", async () => {
    const { isola } = await workplace({ listSecrets: () => page([aSecret("A"), aSecret("B", SCRIPT)]) });
    const { out } = await isola(["secrets", "list"]);
    expect(out).toMatch(/^A +every script +2026-.* 2$/m);
    expect(out).toMatch(/^B +checkout +2026-/m);
  });

  it("are asked for without being shown", async () => {
    const { isola, plane, questions } = await workplace(answers);
    const { out, err } = await isola(["secrets", "set", "API_KEY"], { answers: ["hunter2"] });
    expect(questions).toEqual([{ question: "Value (not shown): ", hidden: true }]);
    expect(out).toBe("API_KEY is set for all scripts of hello.\n");
    expect(out + err).not.toContain("hunter2");
    expect(plane.seen[0]?.body).toEqual({ value: "hunter2" });
  });

  it("come from standard input less one line end, a file as it is, or an option", async () => {
    const { isola, plane, home } = await workplace(answers);
    await writeFile(join(home, "key.pem"), "line 1\nline 2\n");
    await isola(["secrets", "set", "A"], { input: "piped\n\n" });
    await isola(["secrets", "set", "A", "--from-file", "key.pem"]);
    const { out } = await isola([
      "secrets",
      "set",
      "A",
      "--value",
      "@said",
      "--script",
      "checkout",
      "--output",
      "json",
    ]);
    expect(JSON.parse(out)).toEqual(aSecret("A", SCRIPT));
    expect(plane.seen.map(({ body }) => body)).toEqual([
      { value: "piped\n" },
      { value: "line 1\nline 2\n" },
      { value: "@said", script: "checkout" },
    ]);
  });

  it.each([
    [["--value", "a", "--from-file", "b"], "not both"],
    [["--value", ""], "The value is empty"],
    [["--from-file", "missing"], "missing cannot be read"],
  ])("refuse %j before anything is sent", async (words, message) => {
    const { isola, plane } = await workplace(answers);
    const { code, err } = await isola(["secrets", "set", "A", ...words]);
    expect([code > 0, err]).toEqual([true, expect.stringContaining(message)]);
    expect(plane.seen).toEqual([]);
  });

  it("are deleted, and sealed anew page by page", async () => {
    const { isola, plane } = await workplace({
      deleteSecret: () => undefined,
      rewrapSecrets: ({ body }) => ({ orgs: 50, rewrapped: 3, cursor: body.cursor === undefined ? "next" : null }),
    });
    await isola(["secrets", "delete", "A", "--script", "checkout"]);
    expect(plane.seen[0]?.path).toBe("/api/v1/orgs/hello/secrets/A?script=checkout");
    expect((await isola(["secrets", "rewrap"])).out).toBe("6 secrets are sealed anew, in 100 orgs.\n");
  });
});
