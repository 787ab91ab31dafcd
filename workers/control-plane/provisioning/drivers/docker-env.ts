import type { ControlPlaneEnv } from "../../env.ts";
import type { Driver } from "../driver.ts";
import { dockerDriver } from "./docker.ts";
import type { ProviderFetch } from "./http.ts";

/** The driver as the platform's configuration has it: an Engine behind a binding, or at a URL. */
export function dockerFromEnv(env: ControlPlaneEnv): Driver {
  const { DOCKER } = env;
  const bound: ProviderFetch | null = DOCKER === undefined ? null : (url, init) => DOCKER.fetch(url, init);
  return dockerDriver({
    url: bound === null ? (env.DOCKER_URL ?? "http://127.0.0.1:2375") : "http://docker",
    fetch: bound ?? ((url, init) => fetch(url, init)),
    platformId: env.PLATFORM_ID,
    image: env.DOCKER_IMAGE ?? null,
    publishedHost: env.DOCKER_PUBLISHED_HOST ?? "127.0.0.1",
  });
}
