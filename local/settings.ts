import { isIP } from "node:net";
import { resolve } from "node:path";

import { z } from "zod";

import { machineSettingsOf, machineVariables, missingVariables, type MachineSettings } from "./machines/settings.ts";
import { StartError } from "./start-error.ts";

const MEBIBYTE = 1024 * 1024;
/** Most edges one launcher runs. */
const EDGES_MAX = 32;

/** What `npm start` can be told, all of it through the environment. */
export interface Settings {
  port: number;
  /** Address the public port is bound to. */
  host: string;
  /** Absolute path of the data folder. */
  dataDirectory: string;
  /** A PostgreSQL of one's own instead of the embedded one. */
  databaseUrl: string | undefined;
  /** The first owner; ignored once there is one. */
  owner: { email: string; password: string } | undefined;
  /** Edge processes. */
  edges: number;
  /** Tenants live at `<slug>.<domain>`. */
  domain: string;
  /** Resident memory at which an edge is replaced in good order, in bytes. */
  edgeMemorySoftBytes: number;
  /** Resident memory at which an edge is killed, in bytes. */
  edgeMemoryHardBytes: number;
  /** One process for everything, where sockets cannot be inherited or on request. */
  single: boolean;
  /** Identity providers that people may sign in by, as JSON. */
  oidcProviders: string | undefined;
  samlProviders: string | undefined;
  /** Repeat the logs of all processes on stderr. */
  verbose: boolean;
  /** How letters leave, as the control plane takes it; by default nothing leaves and the page `/mailbox` shows them. */
  mail: MailVariables;
  /** What may stand behind orgs besides isolates, and what providers of machines, domains and databases take. */
  machines: MachineSettings;
}

/** See docs/mail.md. */
interface MailVariables {
  MAIL_DRIVER: "mailbox" | "http";
  MAIL_FROM: string | undefined;
  MAIL_API_URL: string | undefined;
  MAIL_API_KEY: string | undefined;
}

const flag = z
  .enum(["", "0", "1", "false", "true"], "must be 1 or 0")
  .transform((text) => text === "1" || text === "true");
const whole = (low: number, high: number) =>
  z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(low, `must be at least ${low}`)
    .max(high, `must be at most ${high}`);

/** What is in it, the control plane reads. */
function isList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

const environmentSchema = z
  .object({
    ISOLA_PORT: whole(1, 65_535).default(8787),
    ISOLA_HOST: z
      .string()
      .refine((text) => isIP(text) !== 0, "must be an IP address")
      .default("127.0.0.1"),
    ISOLA_DATA: z.string().default(".isola"),
    DATABASE_URL: z.string().optional(),
    ISOLA_OWNER_EMAIL: z.string().optional(),
    ISOLA_OWNER_PASSWORD: z.string().optional(),
    ISOLA_EDGES: whole(1, EDGES_MAX).default(2),
    ISOLA_DOMAIN: z
      .string()
      .toLowerCase()
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, "must be a domain, without port")
      .default("localhost"),
    ISOLA_EDGE_MEMORY_MB: whole(128, 1_048_576).default(768),
    ISOLA_SINGLE: flag.default(false),
    ISOLA_VERBOSE: flag.default(false),
    ISOLA_OIDC_PROVIDERS: z.string().refine(isList, "must be a JSON list; see docs/sign-in.md").optional(),
    ISOLA_SAML_PROVIDERS: z.string().refine(isList, "must be a JSON list; see docs/sign-in.md").optional(),
    MAIL_DRIVER: z.enum(["mailbox", "http"], "must be mailbox or http").default("mailbox"),
    MAIL_FROM: z.string().optional(),
    MAIL_API_URL: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(),
    MAIL_API_KEY: z.string().optional(),
    ...machineVariables,
  })
  .refine((values) => (values.ISOLA_OWNER_EMAIL === undefined) === (values.ISOLA_OWNER_PASSWORD === undefined), {
    path: ["ISOLA_OWNER_EMAIL"],
    error: "and ISOLA_OWNER_PASSWORD go together",
  })
  .superRefine((values, context) => {
    for (const { name, message } of missingVariables(values))
      context.addIssue({ code: "custom", path: [name], message });
  })
  .superRefine((values, context) => {
    if (values.MAIL_DRIVER !== "http") return;
    for (const name of ["MAIL_FROM", "MAIL_API_URL", "MAIL_API_KEY"] as const) {
      if (values[name] !== undefined) continue;
      context.addIssue({ code: "custom", path: [name], message: "is needed by MAIL_DRIVER=http" });
    }
  });

/**
 * Reads the settings; an empty variable counts as one that is not there.
 *
 * @throws StartError that names the variable and the rule it breaks.
 */
export function readSettings(
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
  isThere?: (path: string) => boolean,
): Settings {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = environmentSchema.safeParse(present);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0] ?? "the environment");
    throw new StartError(`${name} ${issue?.message ?? "is not valid"}`, `correct ${name} and start again`);
  }
  const values = parsed.data;
  const { ISOLA_OWNER_EMAIL: email, ISOLA_OWNER_PASSWORD: password } = values;
  const { MAIL_DRIVER, MAIL_FROM, MAIL_API_URL, MAIL_API_KEY } = values;
  return {
    port: values.ISOLA_PORT,
    host: values.ISOLA_HOST,
    dataDirectory: resolve(values.ISOLA_DATA),
    databaseUrl: values.DATABASE_URL,
    owner: email === undefined || password === undefined ? undefined : { email, password },
    edges: values.ISOLA_EDGES,
    domain: values.ISOLA_DOMAIN,
    edgeMemorySoftBytes: values.ISOLA_EDGE_MEMORY_MB * MEBIBYTE,
    edgeMemoryHardBytes: values.ISOLA_EDGE_MEMORY_MB * MEBIBYTE * 2,
    single: values.ISOLA_SINGLE || platform === "win32",
    verbose: values.ISOLA_VERBOSE,
    oidcProviders: values.ISOLA_OIDC_PROVIDERS,
    samlProviders: values.ISOLA_SAML_PROVIDERS,
    mail: { MAIL_DRIVER, MAIL_FROM, MAIL_API_URL, MAIL_API_KEY },
    machines: machineSettingsOf(values, platform, isThere),
  };
}

/** Where people and Workers find the platform. */
export interface Addresses {
  appHost: string;
  /** Origin of the control plane. */
  publicUrl: string;
  /** Origin of a tenant, with `{slug}` in it. */
  tenantUrl: string;
}

/** The addresses that follow from the settings. */
export function addressesOf(settings: Pick<Settings, "domain" | "port">): Addresses {
  const port = settings.port === 80 ? "" : `:${settings.port}`;
  const appHost = `app.${settings.domain}`;
  return { appHost, publicUrl: `http://${appHost}${port}`, tenantUrl: `http://{slug}.${settings.domain}${port}` };
}
