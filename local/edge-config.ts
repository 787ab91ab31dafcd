import { unreachableNetworks } from "./unreachable.ts";

/** Host name with which Miniflare marks a connection that carries RPC instead of HTTP. */
export const RPC_CONNECT_HOST = "miniflare-unsafe-internal-capnp-connect";

/** Compatibility date of every Worker of the platform. */
export const COMPATIBILITY_DATE = "2026-10-01";

/** Compatibility flags of the router: it writes down which callers went away before their answer. */
export const ROUTER_FLAGS = ["enable_request_signal"];

/** Where machines are that this computer's own providers have made; only addresses that the platform knows are asked there. */
export const MACHINE_NETWORKS = ["local", "private", "public"];

/** Heap of one isolate, in mebibytes, as on Cloudflare. Past it the runtime ends the whole process. */
const HEAP_MEBIBYTES = 128;

/** V8 flags of processes that run tenants' code: a regular expression that backtracks too long is run in linear time. */
export const V8_FLAGS = [
  "--enable-experimental-regexp-engine-on-excessive-backtracks",
  `--max-old-space-size=${HEAP_MEBIBYTES}`,
];

/** Where an edge finds the core: a Unix socket for each entrypoint. */
export interface CoreSockets {
  state: string;
  directory: string;
  controlPlane: string;
  projections: string;
}

export interface EdgeConfig {
  /** File name of the bundled router, beside the configuration. */
  routerModule: string;
  core: CoreSockets;
  /** Path of the socket on which this one process is asked how it is. */
  controlSocket: string;
  /** Public sockets it inherits. */
  publicSockets: number;
  /** Whether it inherits a socket for calls from the control plane. */
  dispatched: boolean;
  /** Plain values the router is bound to. */
  variables: Readonly<Record<string, string>>;
}

/**
 * The configuration of one edge, in workerd's own text format. The `http-…` and `dispatch` sockets carry no address:
 * the process inherits them.
 */
export function edgeConfig(config: EdgeConfig): string {
  const rpc = `http = (capnpConnectHost = ${text(RPC_CONNECT_HOST)})`;
  const external = (name: string, path: string, options: string): string =>
    `    (name = ${text(name)}, external = (address = ${text(`unix:${path}`)}, ${options})),`;
  const variables = Object.entries(config.variables).map(
    ([name, value]) => `    (name = ${text(name)}, text = ${text(value)}),`,
  );
  const sockets = Array.from(
    { length: config.publicSockets },
    (_, index) => `    (name = "http-${index}", service = "router", http = ()),`,
  );
  if (config.dispatched) {
    sockets.push(`    (name = "dispatch", service = (name = "router", entrypoint = "Dispatch"), ${rpc}),`);
  }
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "router", worker = .router),
    # What scripts may reach: the public network, not this machine and not its neighbours.
    (name = "internet", network = (allow = ["public"], deny = [${unreachableNetworks().map(text).join(", ")}], tlsOptions = (trustBrowserCas = true))),
    # Machines of orgs, for the router alone: on this computer and beside it.
    (name = "machines", network = (allow = [${MACHINE_NETWORKS.map(text).join(", ")}], tlsOptions = (trustBrowserCas = true))),
    # What the router itself may reach other than its bindings.
    (name = "nowhere", network = (allow = [])),
${external("state", config.core.state, rpc)}
${external("directory", config.core.directory, rpc)}
${external("control-plane", config.core.controlPlane, rpc)}
${external("projections", config.core.projections, "http = ()")}
  ],
  sockets = [
${sockets.join("\n")}
    (name = "control", address = ${text(`unix:${config.controlSocket}`)}, service = (name = "router", entrypoint = "Control"), http = ()),
  ],
  v8Flags = [${V8_FLAGS.map(text).join(", ")}],
);

const router :Workerd.Worker = (
  modules = [(name = "router.js", esModule = embed ${text(config.routerModule)})],
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  compatibilityFlags = [${ROUTER_FLAGS.map(text).join(", ")}],
  bindings = [
    (name = "LOADER", workerLoader = ()),
    (name = "STATE", service = "state"),
    (name = "DIRECTORY", service = "directory"),
    (name = "CONTROL_PLANE", service = "control-plane"),
    (name = "PROJECTIONS", kvNamespace = "projections"),
    (name = "INTERNET", service = "internet"),
    (name = "MACHINES", service = "machines"),
${variables.join("\n")}
  ],
  globalOutbound = "nowhere",
);
`;
}

/** A string as Cap'n Proto's text format writes it; JSON's escapes are a subset of its own, but for `\u`. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll(/\\u00([0-9a-f]{2})/g, String.raw`\x$1`);
}
