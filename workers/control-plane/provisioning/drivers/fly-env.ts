import type { ControlPlaneEnv } from "../../env.ts";
import type { Driver } from "../driver.ts";
import { flyDriver } from "./fly.ts";

const BASE_URL = "https://api.machines.dev/v1";
const DEFAULT_SIZE = "shared-cpu-1x";
const DEFAULT_REGIONS = ["fra", "ams", "iad"];

/** The driver as the platform's configuration has it. */
export function flyFromEnv(env: ControlPlaneEnv): Driver {
  const regions = (env.FLY_REGIONS ?? "").split(",").flatMap((region) => region.trim() || []);
  return flyDriver({
    token: env.FLY_API_TOKEN ?? "",
    organisation: env.FLY_ORG ?? "",
    platformId: env.PLATFORM_ID,
    image: env.FLY_IMAGE ?? null,
    size: env.FLY_SIZE ?? DEFAULT_SIZE,
    regions: regions.length === 0 ? DEFAULT_REGIONS : regions,
    baseUrl: env.FLY_API_URL ?? BASE_URL,
    fetch: (url, init) => fetch(url, init),
  });
}
