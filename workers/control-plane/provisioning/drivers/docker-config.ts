import { CONTAINER_PROCESSES_MAX } from "../../../../contracts/limits.ts";
import type { Owner, Plan } from "../driver.ts";
import { ProviderError } from "../provider-error.ts";
import type { Labels } from "./docker-api.ts";

const MEBIBYTE = 1024 * 1024;
const NANO = 1_000_000_000;

/** What a container may take, by the name of its size. */
const SIZES = {
  small: { memoryBytes: 256 * MEBIBYTE, processors: 0.5 },
  medium: { memoryBytes: 512 * MEBIBYTE, processors: 1 },
  large: { memoryBytes: 2_048 * MEBIBYTE, processors: 2 },
} as const;
type Size = keyof typeof SIZES;
export const DEFAULT_SIZE: Size = "small";

/** What programs of ordinary images need in order to take a low port and to become another user than root, and no more. */
const CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"];

/** Where a machine finds its volume. */
export const VOLUME_PATH = "/data";

/** Labels by which things are ours. */
export const LABELS = {
  platform: "isola.platform",
  org: "isola.org",
  machine: "isola.machine",
  slug: "isola.slug",
  /** Tells a volume from another one of the same name. */
  mark: "isola.mark",
  /** Digest of the environment that a container was made with. */
  environment: "isola.environment",
} as const;

export const labelsOf = ({ platformId, orgId, machineId, slug }: Owner): Labels => ({
  [LABELS.platform]: platformId,
  [LABELS.org]: orgId,
  [LABELS.machine]: machineId,
  [LABELS.slug]: slug,
});

/** Whether labels are those of an owner's things. */
export const isOwners = (labels: Labels, { platformId, machineId }: Owner): boolean =>
  labels[LABELS.platform] === platformId && labels[LABELS.machine] === machineId;

export const nameOf = ({ platformId, machineId }: Owner): string => `isola-${platformId}-${machineId}`;
export const networkOf = ({ platformId }: Pick<Owner, "platformId">): string => `isola-${platformId}`;

const environmentOf = ({ spec, environment }: Plan): string[] =>
  Object.entries({ ...spec.environment, ...environment })
    .map(([name, value]) => `${name}=${value}`)
    .toSorted();

/** Tells whether a container has the environment that a plan wants; nobody reads the environment out of it. */
export async function environmentDigest(plan: Plan): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(environmentOf(plan)));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export interface ContainerOptions {
  image: string;
  /** Name of its volume; null for none. */
  volume: string | null;
  /** Address of this computer, or of the Engine's, that its port is published on; empty for all of them. */
  publishedAddress: string;
}

/**
 * What the Engine is asked for: one port on one address, bounded memory, processor time, processes and log, and no way to
 * more rights. It is not started again by itself: the platform decides about that. The root file system can be written,
 * since most images do; it does not outlive the container.
 */
export async function containerConfig(plan: Plan, options: ContainerOptions): Promise<Record<string, unknown>> {
  const { owner, spec } = plan;
  const { image, volume, publishedAddress } = options;
  const { memoryBytes, processors } = sizeOf(spec.size);
  const port = `${spec.port}/tcp`;
  return {
    Image: image,
    Env: environmentOf(plan),
    Labels: { ...labelsOf(owner), [LABELS.environment]: await environmentDigest(plan) },
    ExposedPorts: { [port]: {} },
    HostConfig: {
      PortBindings: { [port]: [{ HostIp: publishedAddress, HostPort: "" }] },
      NetworkMode: networkOf(owner),
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      NanoCpus: processors * NANO,
      PidsLimit: CONTAINER_PROCESSES_MAX,
      CapDrop: ["ALL"],
      CapAdd: CAPABILITIES,
      SecurityOpt: ["no-new-privileges:true"],
      Privileged: false,
      Init: true,
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "2" } },
      Mounts: volume === null ? [] : [{ Type: "volume", Source: volume, Target: VOLUME_PATH }],
    },
  };
}

function sizeOf(size: string = DEFAULT_SIZE): (typeof SIZES)[Size] {
  if (Object.hasOwn(SIZES, size)) return SIZES[size as Size];
  const there = Object.keys(SIZES).join(", ");
  throw new ProviderError("refused", `There is no size ${size} with the driver docker. Choose one of: ${there}.`);
}
