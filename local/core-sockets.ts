import { join } from "node:path";

import type { CoreSockets } from "./edge-config.ts";

/** Path of a socket of the core. Miniflare appends a port to every address, a Unix path included. */
export const coreSocketFile = (directory: string, name: string): string => join(directory, `core-${name}:0`);
/** Has Miniflare serve an entrypoint on a private socket. */
export const directSocket = (directory: string, name: string, entrypoint = "default") => ({
  host: `unix:${join(directory, `core-${name}`)}`,
  port: 0,
  entrypoint,
});

/** Where edges reach a core that runs in this folder. */
export function coreSockets(directory: string): CoreSockets {
  return {
    state: coreSocketFile(directory, "state"),
    directory: coreSocketFile(directory, "directory"),
    controlPlane: coreSocketFile(directory, "control-plane"),
    projections: coreSocketFile(directory, "projections"),
  };
}
