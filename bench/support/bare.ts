import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { workerdPath } from "../../local/workerd.ts";
import { freePort } from "../../test/support/platform.ts";
import { request } from "../../test/support/request.ts";

/** One workerd that serves one script and nothing else: what the platform is measured against. */
export interface Bare {
  port: number;
  stop(): Promise<void>;
}

/** Starts a bare workerd with a script as its static Worker. */
export async function startBare(script: string): Promise<Bare> {
  const directory = await mkdtemp(join(tmpdir(), "isola-bare-"));
  const port = await freePort();
  await writeFile(join(directory, "script.js"), script);
  await writeFile(
    join(directory, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "script.js", esModule = embed "script.js")], compatibilityDate = "2026-10-01"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
  );
  const child = spawn(workerdPath, ["serve", join(directory, "config.capnp")], { stdio: "ignore" });
  const ended = new Promise((done) => child.once("exit", done));
  for (let attempt = 0; ; attempt++) {
    try {
      await request({ port, path: "/" });
      break;
    } catch (error) {
      if (attempt >= 100) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  return {
    port,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
