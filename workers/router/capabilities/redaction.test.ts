import { describe, expect, it } from "vitest";

import { Redactor } from "./redaction.ts";

const ORG = "org_a";

/** What is left of a text, where an org has read these values. */
function redacted(values: string[], text: string): string {
  const redactor = new Redactor();
  for (const value of values) redactor.remember(ORG, value);
  return redactor.redact(ORG, text);
}

describe("redaction", () => {
  it("leaves texts alone where nothing was read", () => {
    expect(redacted([], "a text")).toBe("a text");
    expect(redacted(["sk_live_1"], "a text without any, sk_live_")).toBe("a text without any, sk_live_");
  });

  it("replaces every value, wherever it stands", () => {
    expect(redacted(["sk_live_1", "hunter22"], "sk_live_1 and hunter22,hunter22")).toBe(
      "[redacted] and [redacted],[redacted]",
    );
    expect(redacted(["hunter22"], "hunhunter22")).toBe("hun[redacted]");
  });

  it("replaces the longest of those that begin alike", () => {
    expect(redacted(["secret", "secret-and-more"], "secret-and-more secret")).toBe("[redacted] [redacted]");
    expect(redacted(["secret-and-more", "secret"], "secret-and-more secret")).toBe("[redacted] [redacted]");
  });

  it("finds values as JSON and URLs write them", () => {
    const value = 'line "one"\nline two & more';
    expect(redacted([value], JSON.stringify({ key: value }))).toBe('{"key":"[redacted]"}');
    expect(redacted([value], `?key=${encodeURIComponent(value)}`)).toBe("?key=[redacted]");
    expect(redacted([value], value)).toBe("[redacted]");
  });

  it("leaves short values, which would be found in half of all words", () => {
    expect(redacted(["live", "a"], "alive and live")).toBe("alive and live");
  });

  it("keeps orgs apart", () => {
    const redactor = new Redactor();
    redactor.remember("org_b", "sk_live_1");
    expect(redactor.redact(ORG, "sk_live_1")).toBe("sk_live_1");
  });

  it("replaces what a text that was cut still has of a value", () => {
    const text = `${"x".repeat(2_000)}sk_live_123`;
    expect(redacted(["sk_live_1234567"], text)).toBe(`${"x".repeat(2_000)}[redacted]`);
    expect(redacted(["sk_live_1234567"], `${text}…`)).toBe(`${"x".repeat(2_000)}[redacted]`);
    expect(redacted(["sk_live_1234567"], "sk_live_123")).toBe("sk_live_123");
  });

  it("shows no more of a text that is made to be endless work", () => {
    const values = Array.from({ length: 500 }, (_, index) => `${"a".repeat(2_000)}${index}`);
    const began = performance.now();
    expect(redacted(values, `${"a".repeat(4_000)}!`)).toMatch(/\[redacted\]$/);
    expect(performance.now() - began).toBeLessThan(500);
  });

  it("forgets the oldest values of an org that has read more than is remembered", () => {
    const redactor = new Redactor();
    for (let index = 0; index < 60; index++) redactor.remember(ORG, `${index}-`.padEnd(32_000, "x"));
    expect(redactor.redact(ORG, "0-".padEnd(32_000, "x"))).not.toContain("redacted");
    expect(redactor.redact(ORG, "59-".padEnd(32_000, "x"))).toBe("[redacted]");
  });

  it("forgets the orgs that read nothing new for longest, and knows them again when they read", () => {
    const redactor = new Redactor();
    const value = (index: number) => `${index}-`.padEnd(32_000, "x");
    for (let org = 0; org < 60; org++)
      for (let index = 0; index < 20; index++) redactor.remember(`org_${org}`, value(index));
    expect(redactor.redact("org_0", value(19))).not.toContain("redacted");
    expect(redactor.redact("org_59", value(19))).toBe("[redacted]");
    redactor.remember("org_0", value(19));
    expect(redactor.redact("org_0", value(19))).toBe("[redacted]");
  });
});
