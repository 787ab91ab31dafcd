import { describe, expect, it } from "vitest";

import { COMMANDS } from "./commands/index.ts";
import { newComputer } from "./testing/host.ts";
import { VERSION } from "./version.ts";

describe("help", () => {
  it("lists every command, with and without being asked", async () => {
    const { isola } = await newComputer();
    for (const words of [[], ["--help"], ["help"], ["-h"]]) {
      const { code, out, err } = await isola(words);
      expect(code).toBe(0);
      expect(err).toBe("");
      for (const command of COMMANDS) expect(out).toContain(`  ${command.name}  `);
    }
  });

  it.each(COMMANDS)("of $name shows usage, arguments, options and examples that parse", async (command) => {
    const { isola } = await newComputer();
    const { code, out } = await isola([...command.name.split(" "), "--help"]);
    expect(code).toBe(0);
    expect(out).toContain(`isola ${command.name}`);
    expect(out).toContain("--output <text|json>");
    for (const arg of command.args) expect(out).toContain(`<${arg.name}>`);
    for (const option of Object.keys(command.options)) expect(out).toContain(`--${option}`);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) {
      expect(out).toContain(`isola ${example}`);
      expect(example.startsWith(command.name)).toBe(true);
    }
    expect(await isola(["help", ...command.name.split(" ")])).toEqual({ code: 0, out, err: "" });
  });

  it("of an object lists its verbs", async () => {
    const { isola } = await newComputer();
    const { out } = await isola(["orgs", "--help"]);
    expect(out).toContain("orgs create");
    expect(out).not.toContain("routes create");
  });
});

describe("a command line that is wrong", () => {
  it.each([
    [["depoly"], "Did you mean `isola deploy`?"],
    [["orgs", "lsit"], "Did you mean `isola orgs list`?"],
    [["org", "list"], "Did you mean `isola orgs`?"],
    [["xyzzy"], "There is no command `isola xyzzy`."],
    [["help", "depoly"], "Did you mean `isola deploy`?"],
    [["--quiet"], '"--quiet" must come after a command.'],
    [["orgs"], "`isola orgs` needs one of: list, create, get, set, suspend, resume, rename, delete."],
    [["deploy", "x.ts", "--nmae", "x"], "has no option --nmae. Did you mean --name?"],
    [["deploy"], "needs <path>: a TypeScript or JavaScript file, or a folder."],
    [["orgs", "create", "a", "b"], 'does not know what to do with "b"'],
    [["orgs", "list", "--limit", "0"], "--limit must be a whole number from 1 to"],
    [["orgs", "list", "--limit", "many"], 'not "many"'],
    [["orgs", "list", "--limit"], "--limit"],
    [["orgs", "list", "--all=yes"], "--all"],
    [["orgs", "list", "--output", "xml"], '--output must be text or json, not "xml".'],
    [["keys", "create"], "needs --name <name>"],
    [["keys", "create", "--name", "x", "--scope", "scripts:wirte"], "Did you mean scripts:write?"],
    [["keys", "create", "--name", "x", "--expires", "soon"], "12h, 30d or 8w"],
    [["routes", "create", "no slash", "--script", "x"], "is not one"],
    [["routes", "create", "FETCH! /x", "--script", "x"], "its method"],
    [["routes", "check", "/a/*/b"], "its path"],
    [["invoke", "x", "--header", "nonsense"], 'must be like "name: value"'],
    [["login", "--url", "nonsense"], "--url must be a URL"],
  ])("%j is refused with exit code 2 and a way on", async (words, message) => {
    const { isola } = await newComputer();
    const { code, out, err } = await isola(words);
    expect(err).toContain(message);
    expect(err).toContain("isola help");
    expect(code).toBe(2);
    expect(out).toBe("");
  });

  it("is refused in JSON when JSON was asked for, with nothing else printed", async () => {
    const { isola } = await newComputer();
    for (const json of [["--output", "json"], ["--output=json"]]) {
      const { code, out, err } = await isola(["orgs", "lsit", ...json]);
      expect(code).toBe(2);
      expect(err).toBe("");
      expect(JSON.parse(out)).toEqual({
        error: { code: "invalid", message: expect.stringContaining("orgs list"), details: {}, requestId: "" },
      });
    }
  });
});

describe("--version", () => {
  it("says the version, for people and for programs", async () => {
    const { isola } = await newComputer();
    expect(await isola(["--version"])).toEqual({ code: 0, out: `isola ${VERSION}\n`, err: "" });
    expect(JSON.parse((await isola(["--version", "--output", "json"])).out)).toEqual({ version: VERSION });
  });
});
