import type { V4MiniflareOptions } from "miniflare";

import { COMPATIBILITY_DATE, MACHINE_NETWORKS, ROUTER_FLAGS } from "./edge-config.ts";
import { unreachableNetworks } from "./unreachable.ts";

/** One Worker as Miniflare takes it. */
export type MiniflareWorker = Extract<V4MiniflareOptions, { workers: unknown[] }>["workers"][number];
export type ServiceBindings = NonNullable<MiniflareWorker["serviceBindings"]>;

/** Bundled code of each Worker. */
export interface WorkerCode {
  controlPlane: string;
  durableObjects: string;
  keeper: string;
  router: string;
}

/** Plain values the control plane is bound to; what is undefined is not bound. */
export type ControlPlaneVariables = Readonly<Record<string, string | undefined>>;

/** The KV namespace that projections live in. */
const PROJECTIONS = "projections";

const moduleWorker = (name: string, code: string): MiniflareWorker => ({
  name,
  modules: [{ type: "ESModule", path: `${name}.js`, contents: code }],
  compatibilityDate: COMPATIBILITY_DATE,
});

/** The management API, with its ways to the isolates and to what makes machines. */
export function controlPlaneWorker(
  code: string,
  variables: ControlPlaneVariables,
  services: ServiceBindings,
): MiniflareWorker {
  const bindings = Object.fromEntries(
    Object.entries(variables).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  return {
    ...moduleWorker("control-plane", code),
    bindings,
    serviceBindings: {
      STATE: "durable-objects",
      INTERNET: { network: { allow: ["public"], deny: unreachableNetworks() } },
      ...services,
    },
    workflows: { PROVISIONING: { name: "isola-provisioning", className: "Provisioning" } },
  };
}

/** All tenant state, with its ways to the isolates. */
export function durableObjectsWorker(code: string, secretsKeys: string, dispatch: ServiceBindings): MiniflareWorker {
  return {
    ...moduleWorker("durable-objects", code),
    bindings: { SECRETS_KEYS: secretsKeys },
    durableObjects: {
      ORG: { className: "Org", useSQLite: true },
      LOG: { className: "Log", useSQLite: true },
      STORE: { className: "Store", useSQLite: true },
      DISPATCHER: { className: "Dispatcher", useSQLite: true },
      TOOLS: { className: "Tools", useSQLite: true },
      SQL: { className: "Sql", useSQLite: true },
    },
    kvNamespaces: { PROJECTIONS },
    serviceBindings: dispatch,
  };
}

/** The launcher's own Worker; it comes first, because Miniflare's entry leads to the first. */
export function keeperWorker(code: string): MiniflareWorker {
  return {
    ...moduleWorker("keeper", code),
    // Lets `scheduled` be called on a binding.
    compatibilityFlags: ["service_binding_extra_handlers"],
    kvNamespaces: { PROJECTIONS },
    serviceBindings: {
      CONTROL_PLANE: "control-plane",
      SECRETS_KEYS: { name: "durable-objects", entrypoint: "SecretsKeys" },
    },
  };
}

/** The public edge inside Miniflare, where everything runs in one process. */
export function routerWorker(code: string, variables: Readonly<Record<string, string>>): MiniflareWorker {
  return {
    ...moduleWorker("router", code),
    compatibilityFlags: [...ROUTER_FLAGS],
    bindings: { ...variables },
    kvNamespaces: { PROJECTIONS },
    workerLoaders: { LOADER: {} },
    serviceBindings: {
      STATE: "durable-objects",
      CONTROL_PLANE: "control-plane",
      DIRECTORY: { name: "control-plane", entrypoint: "Directory" },
      INTERNET: { network: { allow: ["public"], deny: unreachableNetworks() } },
      MACHINES: { network: { allow: [...MACHINE_NETWORKS] } },
    },
  };
}
