import { describe, expect, it } from "vitest";

import { refusalOf } from "../testing/harness.ts";
import { Keyring } from "./keyring.ts";

const FIRST = `1:${btoa("a".repeat(32))}`;
const SECOND = `2:${btoa("b".repeat(32))}`;
const CONTEXT = "org_1/secret//NAME";

const partsOf = (sealed: string) => sealed.split(".");
const flipped = (text: string, at: number) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);

describe("a keyring", () => {
  it("opens what it sealed, whatever is in it", async () => {
    const keyring = new Keyring(FIRST);
    for (const text of ["", "hush", "\uFEFFπ 🔑\n", "x".repeat(32 * 1024)]) {
      expect(await keyring.open(await keyring.seal(text, CONTEXT), CONTEXT)).toBe(text);
    }
  });

  it("seals the same text differently each time, and shows nothing of it", async () => {
    const keyring = new Keyring(FIRST);
    const [one, two] = [await keyring.seal("hush", CONTEXT), await keyring.seal("hush", CONTEXT)];
    expect(partsOf(one)[2]).not.toBe(partsOf(two)[2]);
    expect(partsOf(one)[3]).not.toBe(partsOf(two)[3]);
    expect(one).not.toContain("hush");
  });

  it("notices a change anywhere", async () => {
    const keyring = new Keyring(`${FIRST},${SECOND}`);
    const sealed = await keyring.seal("hush, this is longer than one block of the cipher", CONTEXT);
    const [format, , wrapped = "", data = ""] = partsOf(sealed);
    const tampered = [
      ...[0, 10, 20, 40, wrapped.length - 2].map((at) => `${format}.2.${flipped(wrapped, at)}.${data}`),
      ...[0, 10, 20, 40, data.length - 2].map((at) => `${format}.2.${wrapped}.${flipped(data, at)}`),
      `${format}.1.${wrapped}.${data}`,
      `v2.2.${wrapped}.${data}`,
      `${format}.2.${data}.${wrapped}`,
      `${format}.2.${wrapped}.`,
      `${format}.2.${wrapped}`,
      `${format}.2.${wrapped}.${data}.`,
      `${format}.2.${wrapped}.${data.slice(0, -4)}`,
      `${format}.02.${wrapped}.${data}`,
      `${format}.2.${wrapped}.*`,
      "",
    ];
    for (const text of tampered) {
      expect((await refusalOf(keyring.open(text, CONTEXT))).message).toContain("cannot be opened");
    }
  });

  it("opens nothing in another place", async () => {
    const keyring = new Keyring(FIRST);
    const sealed = await keyring.seal("hush", CONTEXT);
    for (const context of ["org_2/secret//NAME", "org_1/secret//NAME2", ""]) {
      expect((await refusalOf(keyring.open(sealed, context))).code).toBe("internal");
    }
  });

  it("seals with the newest key wherever it stands, and opens with all", async () => {
    const old = await new Keyring(FIRST).seal("hush", CONTEXT);
    const keyring = new Keyring(`${SECOND}, ${FIRST}`);
    expect(keyring.newest).toBe(2);
    expect(await keyring.open(old, CONTEXT)).toBe("hush");
    expect(keyring.versionOf(old)).toBe(1);
    expect(keyring.versionOf(await keyring.seal("hush", CONTEXT))).toBe(2);
  });

  it("wraps a data key anew without touching the data, so that the old key can go", async () => {
    const old = await new Keyring(FIRST).seal("hush", CONTEXT);
    const anew = await new Keyring(`${FIRST},${SECOND}`).rewrap(old);
    expect(partsOf(anew)[3]).toBe(partsOf(old)[3]);
    expect(partsOf(anew)[2]).not.toBe(partsOf(old)[2]);
    const later = new Keyring(SECOND);
    expect(later.versionOf(anew)).toBe(2);
    expect(await later.open(anew, CONTEXT)).toBe("hush");
    const refusal = await refusalOf(later.open(old, CONTEXT));
    expect(refusal.code).toBe("internal");
    expect(refusal.message).toContain("version 1");
  });

  it("notices a key that is not the one of its version", async () => {
    const sealed = await new Keyring(FIRST).seal("hush", CONTEXT);
    expect((await refusalOf(new Keyring(`1:${btoa("c".repeat(32))}`).open(sealed, CONTEXT))).code).toBe("internal");
  });

  it("says what is wrong with its keys, and nothing of them", () => {
    const secret = btoa("s".repeat(32));
    const wrong = [
      "",
      "1",
      secret,
      `1:${btoa("short")}`,
      `0:${secret}`,
      `${FIRST},`,
      `x:${secret}`,
      `1:${secret}${secret}`,
    ];
    for (const text of wrong) expect(() => new Keyring(text)).toThrow(/SECRETS_KEYS has to be <version>:<32 bytes/);
    expect(() => new Keyring(`${FIRST},${FIRST}`)).toThrow("version 1 twice");
    expect(() => new Keyring(`2:${secret},1:${secret}x`)).toThrow("entry 2");
    for (const text of wrong.slice(2)) expect(() => new Keyring(text)).not.toThrow(secret.slice(0, 8));
  });
});
