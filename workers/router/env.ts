import type { DirectoryDoor, StateDoor } from "../../contracts/doors.ts";

/** What the router is bound to; `wrangler.toml.example` and the launcher give it. */
export interface RouterEnv {
  LOADER: WorkerLoader;
  /** Read-only here: only the Org object writes projections and code. */
  PROJECTIONS: Pick<KVNamespace, "get">;
  STATE: StateDoor;
  DIRECTORY: DirectoryDoor;
  CONTROL_PLANE: Fetcher;
  /** The public network, on one computer; on Cloudflare the global `fetch` is public already. */
  INTERNET?: Fetcher;
  /** Machines on private networks, whose addresses the platform's own configuration made; on Cloudflare the global `fetch`. */
  MACHINES?: Fetcher;
  /** The key that machines' secrets are derived of; the same as the control plane's. */
  MACHINE_KEY: string;
  /** Orgs live at `<slug>.<DOMAIN>`. */
  DOMAIN: string;
  /** Host of the control plane. */
  APP_HOST: string;
  /** Where browsers find the control plane, such as `http://app.localhost:8787`. */
  PUBLIC_URL: string;
  /** Where they find orgs, such as `http://{slug}.localhost:8787`. */
  TENANT_URL: string;
  VERSION: string;
  /** `polled`: the launcher asks for the log; `scheduled`: a request carries it out after its response. */
  LOG_DELIVERY: "polled" | "scheduled";
  /** `visited`: the launcher's beats end overdue runs; `timed`: each run has a timer of its own. */
  WALL_CLOCK: "visited" | "timed";
}

/** Entrypoints of this Worker that isolates hold, each bound to its tenant by props. */
export interface RouterExports {
  Egress(options: { props: EgressProps }): Fetcher;
  Console(options: { props: ConsoleProps }): Fetcher;
  Platform(options: { props: HolderProps }): Fetcher;
}

/** Whose code holds an entrypoint. */
export interface HolderProps {
  orgId: string;
  slug: string;
  scriptId: string;
  versionId: string;
}

export type EgressProps = HolderProps;

export interface ConsoleProps {
  orgId: string;
}

export type RouterContext = Pick<ExecutionContext, "waitUntil"> & { exports: RouterExports };
