import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { holdSockets } from "../../local/listen.ts";
import { workerdPath } from "../../local/workerd.ts";
import { freePort } from "../../test/support/platform.ts";
import { request } from "../../test/support/request.ts";
import type { Bare } from "./bare.ts";

const PUBLIC_FD = 3;

/**
 * The least that a request into an isolate costs on this machine: processes that share a port, each of which does
 * nothing but hand the request to the one script by the Worker Loader. No host, no route, no limit, no log.
 */
export async function startFloor(script: string, processes: number): Promise<Bare> {
  const directory = await mkdtemp(join(tmpdir(), "isola-floor-"));
  const port = await freePort();
  const code = { compatibilityDate: "2026-10-01", mainModule: "script.js", modules: { "script.js": { js: script } } };
  const router = `const code = { ...${JSON.stringify(code)}, env: {}, globalOutbound: null };
export default { fetch(request, env) { return env.LOADER.get("script", () => code).getEntrypoint().fetch(request); } };
`;
  await writeFile(join(directory, "router.js"), router);
  await writeFile(
    join(directory, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "router.js", esModule = embed "router.js")], compatibilityDate = "2026-10-01",
    bindings = [(name = "LOADER", workerLoader = ())]))],
  sockets = [(name = "http", http = (), service = "main")],
);
`,
  );
  const address = { host: "127.0.0.1", port, shared: true };
  const sockets = await holdSockets(Array.from({ length: processes }, () => address));
  const children = sockets.map(({ fd }) =>
    spawn(workerdPath, ["serve", "--experimental", `--socket-fd=http=${PUBLIC_FD}`, join(directory, "config.capnp")], {
      stdio: ["ignore", "ignore", "ignore", fd],
    }),
  );
  const ended = children.map((child) => new Promise((done) => child.once("exit", done)));
  await request({ port, path: "/" });
  return {
    port,
    stop: async () => {
      for (const child of children) child.kill("SIGTERM");
      await Promise.all(ended);
      for (const socket of sockets) socket.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
