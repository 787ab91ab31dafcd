import { describe, expect, it } from "vitest";

import { ModuleFrames } from "./module-frames.ts";

/** Maps every place of line 1 to line 7, column 5 of `src/money.ts`. */
const MAP = JSON.stringify({ version: 3, sources: ["src/money.ts"], names: [], mappings: "AAMI" });

const STACK = [
  "Error: no",
  "    at sum (.modules/money@2/lib/index.js:1:40)",
  "    at async Object.fetch (index.ts:3:9)",
  "    at .modules/cart@13/index.js:2:1",
  "    at new Total (.modules/money@2/other.js:4:5)",
].join("\n");

describe("frames in modules", () => {
  it("are read by each module's own map and shown under its name", () => {
    const frames = new ModuleFrames(STACK);
    expect(frames.modules).toEqual([
      { script: "money", number: 2 },
      { script: "cart", number: 13 },
    ]);
    frames.map({ script: "money", number: 2 }, { main: "lib/index.js", map: MAP });
    frames.map({ script: "cart", number: 13 }, null);
    expect(frames.putBack(frames.rest)).toBe(
      [
        "Error: no",
        "    at sum (money/src/money.ts:7:5)",
        "    at async Object.fetch (index.ts:3:9)",
        "    at cart/index.js:2:1",
        "    at new Total (money/other.js:4:5)",
      ].join("\n"),
    );
  });

  it("leave what is no such frame as it is", () => {
    for (const text of [
      "Error: .modules/money@2/index.js:1:1",
      "Error: no\n    at f (modules/money@2/index.js:1:1)",
      "Error: no\n    at f (.modules/../x@2/index.js:1:1)",
      "Error: no\n    at f (.modules/money@0/index.js:1:1)",
      "Error: no\n    at \x000\x00\n    at \x007\x00",
    ]) {
      const frames = new ModuleFrames(text);
      expect(frames.modules).toEqual([]);
      expect(frames.putBack(frames.rest)).toBe(text);
    }
  });

  it("are bounded, and so is the time to find them", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `    at f (.modules/m@${index + 1}/a.js:1:1)`).join("\n");
    expect(new ModuleFrames(many).modules).toHaveLength(50);
    const began = Date.now();
    const odd = new ModuleFrames(`    at ${" (".repeat(8_000)}.modules/${"a".repeat(64)}@`);
    expect(odd.modules).toEqual([]);
    expect(Date.now() - began).toBeLessThan(200);
  });
});
