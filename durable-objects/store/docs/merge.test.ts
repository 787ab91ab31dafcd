import { describe, expect, it } from "vitest";

import { merged } from "./merge.ts";

describe("a merge patch", () => {
  // The examples of RFC 7396, appendix A.
  it.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', "{}"],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', "null", "null"],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ["[1,2]", '{"a":"b","c":null}', '{"a":"b"}'],
    ["{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])("of %s by %s is %s, and changes neither", (target, patch, result) => {
    const [before, by] = [JSON.parse(target) as unknown, JSON.parse(patch) as unknown];
    expect(JSON.stringify(merged(before, by))).toBe(result);
    expect([JSON.stringify(before), JSON.stringify(by)]).toEqual([target, patch]);
  });

  it("reaches no prototype", () => {
    const result = merged(JSON.parse('{"a":{}}'), JSON.parse('{"__proto__":{"hurt":1},"a":{"__proto__":{"hurt":1}}}'));
    expect(JSON.stringify(result)).toBe('{"a":{"__proto__":{"hurt":1}},"__proto__":{"hurt":1}}');
    expect(({} as Record<string, unknown>)["hurt"]).toBeUndefined();
  });
});
