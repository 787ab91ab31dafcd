import type { DispatchDoor, StateDoor } from "../../contracts/doors.ts";

/** What the control plane is bound to; `wrangler.toml.example` and the launcher give it. */
export interface ControlPlaneEnv {
  STATE: StateDoor;
  /** The router, or one binding for each edge (`DISPATCH_0`, `DISPATCH_1`, …) on one computer. */
  DISPATCH?: DispatchDoor;
  [edge: `DISPATCH_${number}`]: DispatchDoor | undefined;
  /** `postgres://user:password@host:port/database` */
  DATABASE_URL: string;
  /** `host:port/path` of the WebSocket gateway in front of the database, on one computer. */
  DATABASE_PROXY?: string;
  /** How the database takes the password; `scram` forbids sending it along with the first message. */
  DATABASE_AUTH?: "cleartext" | "scram";
  /** Signs session cookies; at least 32 characters. */
  AUTH_SECRET: string;
  /** Identity providers that people may sign in by, as JSON; see docs/sign-in.md. */
  OIDC_PROVIDERS?: string;
  SAML_PROVIDERS?: string;
  /** Opens the set-up of the first owner; without it nobody can claim the platform. */
  SETUP_TOKEN?: string;
  /** Where browsers find the control plane, such as `http://app.localhost:8787`. */
  PUBLIC_URL: string;
  /** Where orgs answer, such as `http://{slug}.localhost:8787`. */
  TENANT_URL: string;
  VERSION: string;
  /** Calls of the API in a minute, about one org and from one account; 6000 where nothing is said. */
  API_CALLS_PER_MINUTE?: string;
  /** How letters leave; without it nothing that needs them can be done. See docs/mail.md. */
  MAIL_DRIVER?: string;
  /** Who letters are from, such as `Isola <isola@example.com>`. */
  MAIL_FROM?: string;
  /** Where the driver `http` sends them, and its key. */
  MAIL_API_URL?: string;
  MAIL_API_KEY?: string;
  /** The binding `send_email` of the driver `cloudflare`. */
  EMAIL?: SendEmail;
  /** Runs what gives an org its machine. */
  PROVISIONING: Workflow<{ provisionId: string; attempt: number }>;
  /** What may stand behind orgs, such as `isolate,external,fly`; `isolate` alone where nothing is said. */
  DRIVERS?: string;
  /** Tells what this installation made at providers from what others did: 8 to 32 lower-case letters and digits. */
  PLATFORM_ID: string;
  /** The key that machines' secrets are derived of; at least 32 characters, the same as the router's. */
  MACHINE_KEY: string;
  /** Reaches public addresses only, on one computer; on Cloudflare the global `fetch` does. */
  INTERNET?: Fetcher;
  /** The Docker Engine: a binding to its socket, or where it listens, such as `http://10.0.0.5:2375`. */
  DOCKER?: Fetcher;
  DOCKER_URL?: string;
  /** Host name or address under which the Docker Engine's published ports are reached; 127.0.0.1 where nothing is said. */
  DOCKER_PUBLISHED_HOST?: string;
  DOCKER_IMAGE?: string;
  /** Fly.io: token, the organisation that pays, and defaults. */
  FLY_API_TOKEN?: string;
  FLY_ORG?: string;
  FLY_REGIONS?: string;
  FLY_SIZE?: string;
  FLY_IMAGE?: string;
  /** Where the Machines API is; `https://api.machines.dev/v1` where nothing is said. */
  FLY_API_URL?: string;
  /** `1` lets machines of people's own register with private addresses, as in tests and at home. */
  ALLOW_PRIVATE_MACHINES?: string;
  /** The practice provider of the driver `mock`, and its token. */
  MOCK_PROVIDER_URL?: string;
  MOCK_PROVIDER_TOKEN?: string;
  /** How the DNS is asked for proofs: DNS over HTTPS, or a name server of the tests' own. */
  DNS_URL?: string;
  /** Where own domains are to lead, such as `edge.example.com`; the org's own host where nothing is said. */
  DOMAINS_TARGET?: string;
  /** Who gets certificates for own domains: `none`, or `cloudflare` with a zone and a token. */
  CERTIFICATES?: string;
  CLOUDFLARE_ZONE_ID?: string;
  CLOUDFLARE_API_TOKEN?: string;
  CLOUDFLARE_API_URL?: string;
  /** Databases of orgs' own: `none`, or `neon` with a project and a key. */
  TENANT_DATABASES?: string;
  NEON_API_KEY?: string;
  NEON_PROJECT_ID?: string;
  NEON_API_URL?: string;
  /** Whether uploads count their processor time themselves, or the platform that runs them enforces it. */
  METERING: "instrument" | "platform";
}

/** Where an org answers, without a trailing slash. */
export const orgUrl = (env: ControlPlaneEnv, slug: string): string => env.TENANT_URL.replace("{slug}", slug);

/** Whether browsers come over TLS, so that cookies can insist on it. */
export const isSecure = (env: ControlPlaneEnv): boolean => env.PUBLIC_URL.startsWith("https://");
