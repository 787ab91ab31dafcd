import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";

import { z } from "zod";

import { DRIVERS, type DriverName } from "../../contracts/machines.ts";
import { StartError } from "../start-error.ts";

/** Where Docker listens when nobody says otherwise. */
const DOCKER_SOCKET = "/var/run/docker.sock";

/** Where the Docker Engine is: a Unix socket of this computer, or a URL. */
type DockerAddress = { socketPath: string } | { url: string };

export interface MachineSettings {
  /** What may stand behind orgs. */
  drivers: readonly DriverName[];
  docker: DockerAddress | null;
  /** What the control plane is told of providers, word for word. */
  variables: Readonly<Partial<Record<PassedOn, string>>>;
}

const url = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });
const names = z.string().regex(/^[a-z0-9-]+(\s*,\s*[a-z0-9-]+)*$/, "must be names with commas between them");
const host = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/, "must be a host name or an address");
const text = z.string();

/** The variables that are the control plane's own: what each may be, and nothing else is passed on. */
const PASSED_ON = {
  DOCKER_PUBLISHED_HOST: host,
  DOCKER_IMAGE: text,
  FLY_API_TOKEN: text,
  FLY_ORG: text,
  FLY_REGIONS: names,
  FLY_SIZE: text,
  FLY_IMAGE: text,
  FLY_API_URL: url,
  DNS_URL: url,
  DOMAINS_TARGET: host,
  CERTIFICATES: z.enum(["none", "cloudflare"], "must be none or cloudflare"),
  CLOUDFLARE_ZONE_ID: text,
  CLOUDFLARE_API_TOKEN: text,
  CLOUDFLARE_API_URL: url,
  TENANT_DATABASES: z.enum(["none", "neon"], "must be none or neon"),
  NEON_API_KEY: text,
  NEON_PROJECT_ID: text,
  NEON_API_URL: url,
  /** A practice provider that runs elsewhere; without it the launcher has one of its own. */
  MOCK_PROVIDER_URL: url,
  MOCK_PROVIDER_TOKEN: text,
  ALLOW_PRIVATE_MACHINES: z.enum(["0", "1"], "must be 1 or 0"),
} satisfies Record<string, z.ZodType<string>>;
type PassedOn = keyof typeof PASSED_ON;

/** What each choice cannot do without. */
const NEEDED: readonly { by: string; chosen: (values: Values) => boolean; variables: readonly (keyof Values)[] }[] = [
  {
    by: "the driver fly",
    chosen: (values) => values.ISOLA_DRIVERS?.includes("fly") ?? false,
    variables: ["FLY_API_TOKEN", "FLY_ORG"],
  },
  {
    by: "CERTIFICATES=cloudflare",
    chosen: (values) => values.CERTIFICATES === "cloudflare",
    variables: ["CLOUDFLARE_ZONE_ID", "CLOUDFLARE_API_TOKEN"],
  },
  {
    by: "TENANT_DATABASES=neon",
    chosen: (values) => values.TENANT_DATABASES === "neon",
    variables: ["NEON_API_KEY", "NEON_PROJECT_ID"],
  },
  {
    by: "MOCK_PROVIDER_URL",
    chosen: (values) => values.MOCK_PROVIDER_URL !== undefined,
    variables: ["MOCK_PROVIDER_TOKEN"],
  },
];

const schema = z.object({
  /** Names with commas between them; isolates are always there. */
  ISOLA_DRIVERS: z
    .string()
    .transform((given) => given.split(",").map((name) => name.trim()))
    .pipe(z.array(z.enum(DRIVERS, `must be of ${DRIVERS.join(", ")}, with commas between them`)))
    .optional(),
  /** Where the Docker Engine listens. */
  ISOLA_DOCKER: z
    .string()
    .transform((given) => given.replace(/^unix:\/\//, "").replace(/^tcp:/, "http:"))
    .refine((given) => isAbsolute(given) || url.safeParse(given).success, {
      error: "must be the path of a socket, such as /var/run/docker.sock, or a URL, such as http://10.0.0.5:2375",
    })
    .optional(),
  ...(Object.fromEntries(Object.entries(PASSED_ON).map(([name, rule]) => [name, rule.optional()])) as {
    [Name in PassedOn]: z.ZodOptional<(typeof PASSED_ON)[Name]>;
  }),
});
type Values = z.output<typeof schema>;

/** The variables of the environment that speak of machines, domains and tenants' databases. */
export const machineVariables = schema.shape;

/** Says of each variable that is missing by what it is needed. */
export function missingVariables(values: Values): { name: string; message: string }[] {
  return NEEDED.filter(({ chosen }) => chosen(values)).flatMap(({ by, variables }) =>
    variables.filter((name) => values[name] === undefined).map((name) => ({ name, message: `is needed by ${by}` })),
  );
}

/**
 * What may stand behind orgs here. Docker is among it by itself where its usual socket is there.
 *
 * @param isThere whether there is such a file
 * @throws StartError when Docker is wanted and nobody said where it is.
 */
export function machineSettingsOf(
  values: Values,
  platform: NodeJS.Platform,
  isThere: (path: string) => boolean = existsSync,
): MachineSettings {
  const docker = dockerOf(values.ISOLA_DOCKER, platform, isThere);
  const chosen: readonly DriverName[] = values.ISOLA_DRIVERS ?? [
    "external",
    "mock",
    ...(docker === null ? [] : (["docker"] as const)),
  ];
  if (chosen.includes("docker") && docker === null) {
    throw new StartError(
      `there is no Docker at ${DOCKER_SOCKET}`,
      "set ISOLA_DOCKER, or take docker out of ISOLA_DRIVERS",
    );
  }
  const passedOn = Object.keys(PASSED_ON) as PassedOn[];
  return {
    drivers: [...new Set<DriverName>(["isolate", ...chosen])],
    docker,
    variables: Object.fromEntries(
      passedOn.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
    ),
  };
}

function dockerOf(
  given: string | undefined,
  platform: NodeJS.Platform,
  isThere: (path: string) => boolean,
): DockerAddress | null {
  if (given !== undefined) return isAbsolute(given) ? { socketPath: given } : { url: given.replace(/\/+$/, "") };
  return platform !== "win32" && isThere(DOCKER_SOCKET) ? { socketPath: DOCKER_SOCKET } : null;
}
