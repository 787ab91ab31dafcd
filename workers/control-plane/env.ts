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
  /** Whether uploads count their processor time themselves, or the platform that runs them enforces it. */
  METERING: "instrument" | "platform";
}

/** Where an org answers, without a trailing slash. */
export const orgUrl = (env: ControlPlaneEnv, slug: string): string => env.TENANT_URL.replace("{slug}", slug);

/** Whether browsers come over TLS, so that cookies can insist on it. */
export const isSecure = (env: ControlPlaneEnv): boolean => env.PUBLIC_URL.startsWith("https://");
