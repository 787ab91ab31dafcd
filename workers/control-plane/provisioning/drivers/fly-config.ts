import { FLY_RESTARTS_MAX, FLY_STOP_S } from "../../../../contracts/limits.ts";
import type { Plan } from "../driver.ts";
import { ProviderError } from "../provider-error.ts";
import type { FlyGuest, FlyMachineConfig } from "./fly-api.ts";
import { metadataOf } from "./fly-names.ts";

/** Where a machine's volume is in it. */
const DATA_PATH = "/data";
const SIZE = /^(shared-cpu|performance)-([1-9]|1[0-9]?)x(?::(\d{3,6}))?$/;
/** Memory of each processor where the size does not say, in megabytes. */
const MEMORY_MB = { shared: 256, performance: 2_048 } as const;

/** What a size such as `shared-cpu-1x`, or `shared-cpu-2x:1024` with its memory in megabytes, means. */
export function guestOf(size: string): FlyGuest {
  const [, kind, count, memory] = SIZE.exec(size) ?? [];
  if (kind === undefined) {
    const examples = "shared-cpu-1x, performance-2x, or shared-cpu-1x:512 with its memory in megabytes";
    throw new ProviderError("refused", `Fly.io has no size ${JSON.stringify(size)}. Take one such as ${examples}.`);
  }
  const cpu_kind = kind === "performance" ? "performance" : "shared";
  const cpus = Number(count);
  return { cpu_kind, cpus, memory_mb: memory === undefined ? cpus * MEMORY_MB[cpu_kind] : Number(memory) };
}

/** The environment that a machine is to have: the platform's own part is not for anybody to set. */
export const environmentOf = ({ spec, environment }: Plan): Record<string, string> => ({
  ...spec.environment,
  ...environment,
});

/** The configuration of a machine. It answers at ports 80 and 443 of its app, and only the platform stops or starts it. */
export function configOf(
  plan: Plan,
  { image, guest, volumeId }: { image: string; guest: FlyGuest; volumeId: string | null },
): FlyMachineConfig {
  const config: FlyMachineConfig = {
    image,
    env: environmentOf(plan),
    guest,
    metadata: metadataOf(plan.owner),
    services: [
      {
        protocol: "tcp",
        internal_port: plan.spec.port,
        autostart: false,
        autostop: false,
        ports: [
          { port: 80, handlers: ["http"], force_https: true },
          { port: 443, handlers: ["tls", "http"] },
        ],
      },
    ],
    restart: { policy: "on-failure", max_retries: FLY_RESTARTS_MAX },
    stop_config: { signal: "SIGTERM", timeout: `${FLY_STOP_S}s` },
    auto_destroy: false,
  };
  return volumeId === null ? config : { ...config, mounts: [{ volume: volumeId, path: DATA_PATH }] };
}
