import { expect, it } from "vitest";

import { compileRoutes } from "../../../contracts/routing/index.ts";
import { DEFAULT_ORG_SETTINGS } from "../../../contracts/projection.ts";
import { placeOf } from "./place.ts";

const org = () => ({
  projection: {
    orgId: "org_00000000000000000000",
    slug: "island",
    state: "running" as const,
    revision: 1,
    routes: [],
    scripts: {},
    settings: DEFAULT_ORG_SETTINGS,
  },
  matcher: compileRoutes([]),
});

it("is the org's origin and the control plane's, with a cookie that is bound to the host where there is TLS", () => {
  const secure = { PUBLIC_URL: "https://app.example/", TENANT_URL: "https://{slug}.tenants.example" };
  expect(placeOf(org(), secure)).toMatchObject({
    origin: "https://island.tenants.example",
    issuer: "https://app.example",
    cookieName: "__Host-isola_person",
  });
  const plain = { PUBLIC_URL: "http://app.localhost:8787", TENANT_URL: "http://{slug}.localhost:8787" };
  expect(placeOf(org(), plain)).toMatchObject({ origin: "http://island.localhost:8787", cookieName: "isola_person" });
});
