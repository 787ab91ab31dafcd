import { describe, expect, it } from "vitest";

import { mayHoldPerson, personCookie, setsPersonCookie, takePersonCookie } from "./cookie.ts";

const PLAIN = "isola_person";
const BOUND = "__Host-isola_person";

describe("a cookie header", () => {
  it("is hardly looked at when it holds nobody", () => {
    expect(mayHoldPerson(null)).toBe(false);
    expect(mayHoldPerson("session=1; theme=dark")).toBe(false);
    expect(mayHoldPerson("isola_person=x")).toBe(true);
  });

  it.each<[header: string, token: string | null, rest: string | null]>([
    ["isola_person=t", "t", null],
    ["a=1; isola_person=t; b=2", "t", "a=1; b=2"],
    ["a=1;isola_person=t;b", "t", "a=1; b"],
    [" isola_person = t ", "t", null],
    ["isola_person=t=u==", "t=u==", null],
    ["isola_person=first; isola_person=second", "first", null],
    ["isola_person=", null, null],
    ["isola_person", null, null],
    ["a=isola_person; b=2", null, "a=isola_person; b=2"],
    ["isola_personal=1; x_isola_person=2", null, "isola_personal=1; x_isola_person=2"],
    ["ISOLA_PERSON=t; a=1", null, "a=1"],
    ["__Host-isola_person=t; a=1", null, "a=1"],
    ["; ;a=1;", null, "a=1"],
  ])("%j is read", (header, token, rest) => {
    expect(takePersonCookie(header, PLAIN)).toEqual({ token, rest });
  });

  it("counts under the name of its own transport alone, and gives neither on", () => {
    const header = "isola_person=planted; __Host-isola_person=t; a=1";
    expect(takePersonCookie(header, BOUND)).toEqual({ token: "t", rest: "a=1" });
  });
});

describe("a cookie that a script sets", () => {
  it.each([
    "isola_person=x",
    "__Host-isola_person=x",
    "__host-ISOLA_PERSON=x",
    "=isola_person=x",
    " =  isola_person=x",
    "isola_person",
    "isola_person ; Path=/",
    "\tisola_person\t=x",
  ])("is ours: %j", (line) => expect(setsPersonCookie(line)).toBe(true));
  it.each(["a=isola_person", "isola_personal=1", "x=1; isola_person=2", "isola-person=1", ""])(
    "is its own: %j",
    (line) => expect(setsPersonCookie(line)).toBe(false),
  );
});

describe("the cookie of a person", () => {
  it("is bound to the host and to TLS where there is TLS", () => {
    expect(personCookie(BOUND, "t", 1_999)).toBe(
      "__Host-isola_person=t; Max-Age=1; Path=/; HttpOnly; SameSite=Lax; Secure",
    );
    expect(personCookie(PLAIN, "t", 60_000)).toBe("isola_person=t; Max-Age=60; Path=/; HttpOnly; SameSite=Lax");
  });

  it("is removed when its end has come", () => {
    expect(personCookie(PLAIN, "", -5_000)).toContain("Max-Age=0;");
  });
});
