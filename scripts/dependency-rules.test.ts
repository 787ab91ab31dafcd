import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { describe, expect, test } from "vitest";

import { auditDependencies, readAdvisories } from "./dependency-rules.ts";

const read = (name: string) => JSON.parse(readFileSync(resolve(import.meta.dirname, "..", name), "utf8"));
type Json = ReturnType<typeof read>;

/** What is found when the project's own files are changed a little. */
function faultsAfter(change: (lock: Json, manifest: Json) => void): string[] {
  const [manifest, lock] = [read("package.json"), read("package-lock.json")];
  change(lock.packages, manifest);
  return auditDependencies(JSON.stringify(manifest), JSON.stringify(lock)).faults;
}

const JOSE = "node_modules/jose";

test("what the project depends on is as it should be", () => {
  expect(faultsAfter(() => {})).toEqual([]);
});

describe("a lock file is refused in which a package", () => {
  test.each<[string, (lock: Json) => void, RegExp]>([
    ["has no hash", (lock) => delete lock[JOSE].integrity, /^node_modules\/jose has no SHA-512/],
    ["has a weak hash", (lock) => (lock[JOSE].integrity = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="), /no SHA-512/],
    [
      "comes from a repository",
      (lock) => (lock[JOSE].resolved = "git+ssh://git@github.com/a/b.git#c0ffee"),
      /comes from git/,
    ],
    [
      "comes from an archive",
      (lock) => (lock[JOSE].resolved = "https://evil.example/jose.tgz"),
      /comes from https:\/\/evil/,
    ],
    [
      "comes from a registry that is called alike",
      (lock) => (lock[JOSE].resolved = "https://registry.npmjs.org.evil.example/jose.tgz"),
      /comes from/,
    ],
    ["is a folder", (lock) => (lock["node_modules/mine"] = { link: true, resolved: "../mine" }), /is a folder/],
    [
      "wants another from a repository",
      (lock) => (lock[JOSE].dependencies = { x: "github:a/b" }),
      /wants x from github/,
    ],
    [
      "wants another from a repository, in short",
      (lock) => (lock[JOSE].dependencies = { x: "a/b" }),
      /wants x from a\/b/,
    ],
    [
      "runs a script that nobody decided on",
      (lock) => (lock[JOSE].hasInstallScript = true),
      /jose has an install script/,
    ],
    [
      "has another licence",
      (lock) => (lock[JOSE].license = "AGPL-3.0-only"),
      /AGPL-3.0-only, which is not on the list/,
    ],
    ["has no licence", (lock) => delete lock[JOSE].license, /nobody knows/],
    [
      "has a licence that is on the list and one that is not",
      (lock) => (lock[JOSE].license = "MIT AND GPL-3.0"),
      /not on the list/,
    ],
    [
      "is there in two major versions",
      (lock) => (lock["node_modules/better-auth/node_modules/jose"] = { ...lock[JOSE], version: "5.0.0" }),
      /jose is there in the major versions 5 and 6/,
    ],
    [
      "is not the one that was asked for",
      (lock) => (lock[""].dependencies.jose = "6.0.0"),
      /is not what package-lock.json has/,
    ],
  ])("%s", (_, change, fault) => {
    const faults = faultsAfter(change);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });
});

describe("a package.json is refused that", () => {
  test.each(["^6.2.17", "~6.2.17", "latest", "*", "6", "github:panva/jose", "npm:other@6.2.17"])(
    "asks for %s",
    (version) => {
      const faults = faultsAfter((lock, manifest) => {
        manifest.dependencies.jose = version;
        lock[""].dependencies.jose = version;
      });
      expect(faults).toEqual([`jose is asked for as ${version}: name one version exactly`]);
    },
  );

  test("lets a package run a script that it has not", () => {
    const faults = faultsAfter((_, manifest) => (manifest.allowScripts.jose = true));
    expect(faults).toEqual(["allowScripts lets jose run a script, and it has none"]);
  });
});

test("a licence of one's choice is good where one of them is on the list", () => {
  expect(faultsAfter((lock) => (lock[JOSE].license = "(GPL-3.0 OR MIT)"))).toEqual([]);
});

describe("advisories", () => {
  const metadata = { vulnerabilities: { total: 2 } };

  test("that are grave are named", () => {
    const vulnerabilities = { a: { severity: "high" }, b: { severity: "moderate" }, c: { severity: "critical" } };
    expect(readAdvisories(JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata })).grave).toEqual([
      "a (high)",
      "c (critical)",
    ]);
    expect(readAdvisories(JSON.stringify({ vulnerabilities: {}, metadata })).grave).toEqual([]);
  });

  test("that nobody could ask for are not taken for none", () => {
    for (const output of ["", "no JSON", "{}", "null", '{"message":"offline"}', '{"statusCode":405,"body":""}']) {
      expect(readAdvisories(output).grave).toBeNull();
    }
    expect(readAdvisories('{"statusCode":405}').why).toBe("the registry answered 405");
  });
});
