import { describe, expect, it } from "vitest";
import * as z from "zod";

import {
  ERROR_CODES,
  ERROR_STATUS,
  errorBody,
  errorBodySchema,
  invalidFrom,
  PlatformError,
  platformErrorOf,
} from "./errors.ts";

describe("error codes", () => {
  it.each(ERROR_CODES)("%s has a status of a refusal, and a body that its own schema accepts", (code) => {
    expect(ERROR_STATUS[code]).toBeGreaterThanOrEqual(400);
    const body = errorBody(new PlatformError(code, "Try again.", { field: "name" }), "req_1");
    expect(errorBodySchema.parse(structuredClone(body))).toEqual({
      error: { code, message: "Try again.", details: { field: "name" }, requestId: "req_1" },
    });
  });

  it("are a closed list", () => {
    const body = { error: { code: "teapot", message: "", details: {}, requestId: "" } };
    expect(errorBodySchema.safeParse(body).success).toBe(false);
  });
});

describe("reading what was thrown", () => {
  it("gives a platform error back as it is", () => {
    const error = new PlatformError("conflict", "Taken.");
    expect(platformErrorOf(error)).toBe(error);
    expect(error.details).toEqual({});
  });

  it("recognises one by its code after a call between Workers, where the class is lost", () => {
    const far = Object.assign(new Error("Taken."), { code: "conflict", details: { slug: "hello" } });
    expect(far).not.toBeInstanceOf(PlatformError);
    expect(platformErrorOf(far)).toMatchObject({ code: "conflict", message: "Taken.", details: { slug: "hello" } });
    expect(platformErrorOf(far)).toBeInstanceOf(PlatformError);
  });

  it.each([
    ["a bug", new TypeError("x is not a function")],
    ["another system's code", Object.assign(new Error("refused"), { code: "ECONNREFUSED" })],
    ["a code that every object has", { code: "constructor", message: "" }],
    ["a number for a code", { code: 409, message: "" }],
    ["a text", "conflict"],
    ["null", null],
    ["undefined", undefined],
  ])("takes %s for no refusal", (_, thrown) => {
    expect(platformErrorOf(thrown)).toBeNull();
  });

  it("makes do with a refusal whose other parts are missing or of the wrong kind", () => {
    expect(platformErrorOf({ code: "gone" })).toMatchObject({ message: "gone", details: {} });
    expect(platformErrorOf({ code: "gone", message: 1, details: "x" })).toMatchObject({ message: "gone", details: {} });
  });
});

describe("a failed parse", () => {
  const schema = z.object({
    org: z.object({ slug: z.string().min(2, "must have at least 2 characters") }),
    size: z.number(),
  });
  const errorOf = (input: unknown, parser: z.ZodType = schema) => {
    const { error } = parser.safeParse(input);
    if (!error) throw new Error("it was valid");
    return invalidFrom(error, "body");
  };

  it("becomes one invalid error whose message names the first field and its reason", () => {
    const error = errorOf({ org: { slug: "a" }, size: 1 });
    expect(error.code).toBe("invalid");
    expect(error.message).toBe("The body is not valid: org.slug must have at least 2 characters");
    expect(error.details).toEqual({ issues: [{ field: "org.slug", reason: "must have at least 2 characters" }] });
  });

  it("names every field that is wrong", () => {
    const { issues } = errorOf({ org: {} }).details as { issues: { field: string }[] };
    expect(issues.map((issue) => issue.field)).toEqual(["org.slug", "size"]);
  });

  it("says the reason alone where the whole is wrong", () => {
    expect(errorOf(null).message).toMatch(/^The body is not valid: \S/);
  });

  it("names at most twenty", () => {
    const { issues } = errorOf(Array(1_000).fill(1), z.array(z.string())).details as { issues: unknown[] };
    expect(issues).toHaveLength(20);
  });
});
