import type { RouterEnv } from "./env.ts";
import { HostCache } from "./resolve/host-cache.ts";

let hosts: HostCache | undefined;

/** The host cache of this isolate; bindings never change while it lives. */
export function hostsOf(env: Pick<RouterEnv, "DOMAIN" | "APP_HOST">): HostCache {
  hosts ??= new HostCache(env.DOMAIN, env.APP_HOST);
  return hosts;
}
