import { expect, test } from "vitest";

import type { ControlPlaneEnv } from "./env.ts";
import { Scope } from "./scope.ts";

/** Nothing is asked of the state here. */
const at = (PUBLIC_URL: string) => ({ PUBLIC_URL, STATE: {} }) as ControlPlaneEnv;
const request = (cf: Partial<IncomingRequestCfProperties>) =>
  new Request("https://app.example.com/", {
    headers: { "cf-connecting-ip": "192.0.2.7" },
    cf: cf as IncomingRequestCfProperties,
  });

test("address and place of a caller are those that Cloudflare tells", () => {
  const secure = at("https://app.example.com");
  const lisbon = new Scope(secure, request({ city: "Lisbon", country: "PT" }));
  expect([lisbon.address, lisbon.place]).toEqual(["192.0.2.7", "Lisbon, PT"]);
  expect(new Scope(secure, request({ country: "PT" })).place).toBe("PT");
  expect(new Scope(secure, request({})).place).toBeNull();
});

test("where anybody could write the header, nobody is believed", () => {
  const scope = new Scope(at("http://app.localhost:8787"), request({ city: "Lisbon", country: "PT" }));
  expect([scope.address, scope.place]).toEqual([null, null]);
});
