import { describe, expect, it } from "vitest";

import { RETURN_PATH_LENGTH_MAX } from "./limits.ts";
import { isReturnPath, returnPathSchema } from "./return-path.ts";

const ORIGIN = "https://island.example";

/** What an attacker may put together a path of. */
const PIECES =
  "/ // \\ \\\\ %2f %2F %5c %5C %00 %09 %0a . .. ./ ../ : @ ? # & ; , = http: https: javascript: data: evil.example user:pass@ [::1] 127.0.0.1 a b %e2%80%ae".split(
    " ",
  );
const ODD = [
  " ",
  "\t",
  "\n",
  "\r",
  "\u0000",
  "\u007f",
  "\u00a0",
  "\u2028",
  "\uff0f",
  "\u3002",
  "é",
  "\ud800",
  "\ufeff",
];

/** A small generator with a seed (mulberry32), so that a finding can be had again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describe("a path to go back to", () => {
  it.each([
    "/",
    "/a",
    "/a/b?c=d&e=%2F#f",
    "/a//b",
    "/%C3%A4",
    "/.isola/v1/me",
    "/a@b:c",
    "/open/hello?to=%2Fx",
    "/?to=https://x.example",
  ])("may be %j", (path) => expect(isReturnPath(path)).toBe(true));

  it.each([
    "",
    "a",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%5cevil.example",
    "/%5Cevil.example",
    "/%2fevil.example",
    "/a\\b",
    "/\t/evil.example",
    "/\n/evil.example",
    " /a",
    "/a b",
    "/a\u0000",
    "/..//evil.example",
    "/.//evil.example",
    "/a/../b",
    "/%2e%2e//evil.example",
    "https://evil.example/",
    "https:/evil.example",
    "javascript:alert(1)",
    "user:pass@evil.example",
    "@evil.example",
    "/ä",
    "?a",
    "#a",
    `/${"a".repeat(RETURN_PATH_LENGTH_MAX)}`,
  ])("may not be %j", (path) => {
    expect(isReturnPath(path)).toBe(false);
    expect(returnPathSchema.safeParse(path).success).toBe(false);
  });

  it("stays on its host, however it is put together, read, decoded or joined", () => {
    const next = numbers(20_261_121);
    let accepted = 0;
    for (let run = 0; run < 20_000; run++) {
      const pieces = Array.from({ length: 1 + next(7) }, () => {
        const list = next(12) === 0 ? ODD : PIECES;
        return list[next(list.length)] ?? "";
      });
      const text = `${next(4) === 0 ? "" : "/"}${pieces.join("")}`;
      if (!isReturnPath(text)) continue;
      accepted++;
      const read = new URL(text, ORIGIN);
      expect([text, read.origin, read.username, read.password]).toEqual([text, ORIGIN, "", ""]);
      expect(read.href).toBe(ORIGIN + text);
      expect(new URL(ORIGIN + text).origin).toBe(ORIGIN);
      // Whoever decodes it once before use must not find a host either.
      expect(new URL(text.replaceAll(/%(?:2f|5c)/gi, "/"), ORIGIN).origin).toBe(ORIGIN);
      expect(text).toMatch(/^[\x21-\x7e]+$/);
    }
    expect(accepted).toBeGreaterThan(500);
  });
});
