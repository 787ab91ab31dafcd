import * as z from "zod";

import { MACHINE_ENV_ENTRIES_MAX, MACHINE_ENV_LENGTH_MAX, MACHINE_REGIONS_MAX, TEXT_LENGTH_MAX } from "./limits.ts";

/** What can stand behind an org: isolates alone, or a machine of its own that one of these brings up. */
export const DRIVERS = ["isolate", "docker", "fly", "external", "mock"] as const;
export type DriverName = (typeof DRIVERS)[number];
/** Those that bring up a machine. */
export const MACHINE_DRIVERS = ["docker", "fly", "external", "mock"] as const;
export type MachineDriverName = (typeof MACHINE_DRIVERS)[number];

/** States of a machine. */
export const MACHINE_STATES = [
  "created",
  "starting",
  "started",
  "stopping",
  "stopped",
  "suspended",
  "failed",
  "destroying",
  "destroyed",
] as const;
export type MachineState = (typeof MACHINE_STATES)[number];

/** Whether a machine answers, as far as probes and its own heartbeats tell. */
export const MACHINE_HEALTH = ["unknown", "healthy", "unhealthy"] as const;
export type MachineHealth = (typeof MACHINE_HEALTH)[number];

/** The steps in which an org gets its machine, in order; a driver may have nothing to do in one. */
export const PROVISION_STEPS = [
  /** What the machine proves itself by is written down. */
  "credentials",
  /** What the provider groups a machine under: an app, a network. */
  "infrastructure",
  "volume",
  "machine",
  "start",
  /** It answers its first probe, or has registered itself. */
  "ready",
  /** The org's host leads to it. */
  "publish",
] as const;
export type ProvisionStep = (typeof PROVISION_STEPS)[number];
export const STEP_STATES = ["waiting", "running", "done", "failed", "undone"] as const;
export type StepState = (typeof STEP_STATES)[number];
/** `failed` means that everything which had been made is gone again; `compensating` that it is being taken down. */
export const PROVISION_STATES = ["running", "compensating", "done", "failed"] as const;
export type ProvisionState = (typeof PROVISION_STATES)[number];

const name = z.string().trim().min(1).max(100);
const environment = z
  .record(
    z.string().regex(/^[A-Z_][A-Z0-9_]{0,99}$/, "must be upper-case letters, digits and _"),
    z.string().max(MACHINE_ENV_LENGTH_MAX),
  )
  .refine((variables) => Object.keys(variables).length <= MACHINE_ENV_ENTRIES_MAX, {
    message: `must be at most ${MACHINE_ENV_ENTRIES_MAX}`,
  })
  .refine((variables) => !Object.keys(variables).some((key) => key.startsWith("ISOLA_")), {
    message: "must not begin with ISOLA_, which is the platform's",
  });

/** What somebody asks a machine to be. What is not said is the driver's own default. */
export const machineSpecSchema = z
  .object({
    /** Image that a container or machine starts from, such as `nginx:1.29`. */
    image: z
      .string()
      .trim()
      .max(TEXT_LENGTH_MAX)
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$/, "must be the name of an image, such as nginx:1.29")
      .optional(),
    /** The provider's name of a size, such as `shared-cpu-1x`. */
    size: name.optional(),
    /** Where it may run: the first that has room is taken. */
    regions: z.array(name).min(1).max(MACHINE_REGIONS_MAX).optional(),
    /** A volume of so many gigabytes, which outlives restarts; none where nothing is said. */
    volumeGb: z.number().int().min(1).max(500).optional(),
    /** Port that the program in it listens on. */
    port: z.number().int().min(1).max(65_535).default(8080),
    /** Path that answers below 500 when the program is ready. */
    healthPath: z
      .string()
      .max(TEXT_LENGTH_MAX)
      .regex(/^\/[\x21-\x7e]*$/, "must begin with / and hold no spaces")
      .default("/"),
    /** Not for secrets: the provider shows them to whoever may look at the machine. */
    environment: environment.default({}),
    /** Minutes without a request after which it is stopped; never where nothing is said. */
    autoStopMinutes: z.number().int().min(5).max(10_080).optional(),
    /** Whether a request starts it when it is stopped. */
    wake: z.boolean().default(true),
  })
  .strict();
export type MachineSpec = z.output<typeof machineSpecSchema>;

/** What an edge has to know of an org's machine. */
export interface ProjectedMachine {
  id: string;
  driver: MachineDriverName;
  state: MachineState;
  /** Where it answers, such as `http://127.0.0.1:49153`, without a path; null while it does not. */
  origin: string | null;
  /** `host`: an address of the provider's own on a private network, which the platform's configuration made; `public`: anywhere else. */
  network: "host" | "public";
  /** Which of its shared secrets it has; see {@link machineSecret}. */
  secretsVersion: number;
  /** Whether a request starts it when it is stopped. */
  wake: boolean;
}

/** Header by which a machine knows that a request came through the platform. Requests and answers never carry another's. */
export const MACHINE_SECRET_HEADER = "x-isola-secret";

/** What a machine's secrets are for: each purpose has one of its own. */
export type MachineSecretPurpose = "proxy" | "call-backs";

/**
 * A secret that the platform and one machine share, 64 hexadecimal digits: HMAC-SHA-256 of purpose, machine and version
 * under the platform's own key, so that it is stored nowhere and every part of the platform can work it out.
 *
 * @param key the platform's `MACHINE_KEY`
 */
export async function machineSecret(
  key: string,
  purpose: MachineSecretPurpose,
  machineId: string,
  version: number,
): Promise<string> {
  const text = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", text.encode(key), algorithm, false, ["sign"]);
  const signed = await crypto.subtle.sign(
    "HMAC",
    imported,
    text.encode(`isola machine ${purpose} ${machineId} ${version}`),
  );
  return Array.from(new Uint8Array(signed), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** How far an org's machine is on its way up, for who waits at its host. */
export interface ProvisionProgress {
  /** What the org is doing. */
  state: "provisioning" | "starting" | "failed";
  step: ProvisionStep | null;
  /** Steps that are done, and how many there are. */
  done: number;
  total: number;
  startedAt: number;
}
