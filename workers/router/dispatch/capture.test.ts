import { expect, it } from "vitest";

import { LOG_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import { BodyStart, recordedBody } from "./capture.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it("keeps text as text and anything else in base 64", () => {
  expect(recordedBody(bytes("grüß"), false)).toEqual({ text: "grüß", encoding: "utf8", truncated: false });
  expect(recordedBody(new Uint8Array([0xff, 0x00, 0x41]), false)).toEqual({
    text: btoa("\xff\x00A"),
    encoding: "base64",
    truncated: false,
  });
});

it("keeps the beginning of a long body, even where it cuts a character in two", () => {
  const long = recordedBody(bytes("ü".repeat(LOG_BODY_BYTES_MAX)).subarray(1), false);
  expect(long.encoding).toBe("base64");
  const cut = recordedBody(bytes(`x${"ü".repeat(LOG_BODY_BYTES_MAX)}`), false);
  expect(cut).toMatchObject({ encoding: "utf8", truncated: true });
  expect(cut.text.startsWith("xü")).toBe(true);
});

it("collects what streams by, up to its bound", () => {
  const start = new BodyStart();
  expect(start.recorded()).toBeNull();
  start.add(bytes("one "));
  start.add(bytes("two"));
  expect(start.recorded()).toEqual({ text: "one two", encoding: "utf8", truncated: false });
  start.add(bytes("x".repeat(LOG_BODY_BYTES_MAX)));
  const full = start.recorded();
  expect(full).toMatchObject({ truncated: true });
  expect(full?.text).toHaveLength(LOG_BODY_BYTES_MAX);
});
