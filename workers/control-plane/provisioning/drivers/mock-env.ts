import type { ControlPlaneEnv } from "../../env.ts";
import type { Driver } from "../driver.ts";
import { mockDriver } from "./mock.ts";

/** The driver as the platform's configuration has it. */
export function mockFromEnv(env: ControlPlaneEnv): Driver {
  return mockDriver({
    url: env.MOCK_PROVIDER_URL ?? "http://127.0.0.1",
    token: env.MOCK_PROVIDER_TOKEN ?? "",
    platformId: env.PLATFORM_ID,
    fetch: (url, init) => fetch(url, init),
  });
}
