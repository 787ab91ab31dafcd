import { execFileSync } from "node:child_process";

import { describe, expect, it } from "vitest";

import { COMMANDS } from "../commands/index.ts";
import { newComputer } from "../testing/host.ts";
import { bashCompletion } from "./completion.ts";

/** What bash offers for a line whose last word is being typed. */
function offers(...words: string[]): string[] {
  const script = `${bashCompletion(COMMANDS)}\nCOMP_WORDS=(isola "$@")\nCOMP_CWORD=$#\n_isola\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync("bash", ["--norc", "-c", script, "bash", ...words], { encoding: "utf8" });
  return out.split("\n").filter((word) => word !== "");
}

describe("the completion of bash", () => {
  it("offers commands, then verbs, then options", () => {
    expect(offers("de")).toEqual(["deploy", "dev", "deliveries", "dead-letters"]);
    expect(offers("dead-letters", "re")).toEqual(["replay"]);
    expect(offers("scripts", "ver")).toEqual(["versions"]);
    expect(offers("routes", "")).toEqual(["list", "create", "delete", "check", "match"]);
    expect(offers("deploy", "x.ts", "--na")).toEqual(["--name"]);
    expect(offers("scripts", "get", "hello", "--ver")).toEqual(["--version"]);
    expect(offers("orgs", "list", "--out")).toEqual(["--output"]);
  });

  it("leaves files to the shell", () => {
    expect(offers("deploy", "")).toEqual([]);
    expect(offers("deploy", "ex")).toEqual([]);
    expect(offers("nonsense", "--")).toEqual([]);
  });

  it("knows every command", () => {
    for (const { name } of COMMANDS) expect(offers(...name.split(" "), "--h")).toContain("--help");
  });

  it("is printed for bash and refused for what is not known", async () => {
    const { isola } = await newComputer();
    expect((await isola(["completion", "bash"])).out).toBe(`${bashCompletion(COMMANDS)}\n`);
    expect((await isola(["completion", "tcsh"])).code).toBe(2);
  });
});
