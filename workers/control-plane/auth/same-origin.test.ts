import { describe, expect, test } from "vitest";

import { isSameOrigin } from "./same-origin.ts";

const OURS = "http://app.localhost:8787";
const sent = (method: string, headers: Record<string, string>) =>
  isSameOrigin(new Request(`${OURS}/x`, { method, headers }), OURS);

describe("a request that acts by a cookie", () => {
  test("may read from anywhere", () => {
    expect(sent("GET", { origin: "https://evil.example" })).toBe(true);
    expect(sent("HEAD", {})).toBe(true);
  });

  test("may change something when it comes from our own page", () => {
    expect(sent("POST", { origin: OURS })).toBe(true);
    expect(sent("DELETE", { "sec-fetch-site": "same-origin" })).toBe(true);
  });

  test.each([
    {},
    { origin: "null" },
    { origin: "https://evil.example" },
    { origin: "http://app.localhost" },
    { origin: "https://app.localhost:8787" },
    { origin: "http://app.localhost:8787.evil.example" },
    { origin: "http://hello.localhost:8787" },
    { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site" },
  ])("changes nothing with %j", (headers) => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) expect(sent(method, headers)).toBe(false);
  });
});
