import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { dockerDriver } from "../../../workers/control-plane/provisioning/drivers/docker.ts";
import type { ProviderFetch } from "../../../workers/control-plane/provisioning/drivers/http.ts";
import type { DriverHarness } from "../contract.ts";
import { DockerEngine } from "./docker-engine.ts";
import { type DockerRequest, understand } from "./docker-requests.ts";

export interface DockerHarness extends DriverHarness {
  engine: DockerEngine;
  /** Path of its Unix socket. */
  socketPath: string;
  /** Where it listens on TCP, with the same things in it. */
  url: string;
  /** What it did not understand. */
  faults: string[];
  /** What it was asked, in order. */
  asked: DockerRequest[];
}

/** A Docker Engine of the tests' own, which takes nothing but what the real one documents. */
export async function openDocker(): Promise<DockerHarness> {
  const folder = mkdtempSync(join(tmpdir(), "isola-docker-"));
  const socketPath = join(folder, "docker.sock");
  const engine = new DockerEngine();
  const faults: string[] = [];
  const asked: DockerRequest[] = [];
  const servers = [serve(engine, faults, asked), serve(engine, faults, asked)] as const;
  servers[0].listen(socketPath);
  servers[1].listen(0, "127.0.0.1");
  await Promise.all(servers.map((server) => once(server, "listening")));
  const url = `http://127.0.0.1:${(servers[1].address() as AddressInfo).port}`;
  const overSocket = fetchOver(socketPath);
  const containerOf = (machineId: string) => {
    const container = engine.containers.find(({ config }) => config.Labels["isola.machine"] === machineId);
    if (container === undefined) throw new Error("There is no such container.");
    return container;
  };
  return {
    engine,
    socketPath,
    url,
    faults,
    asked,
    driverWith: (options) =>
      dockerDriver({ url: "http://docker", image: null, publishedHost: "127.0.0.1", ...options }),
    fetch: overSocket,
    specs: { runs: { image: "web:1" }, ends: { image: "ends:1" } },
    secrets: [socketPath],
    count: async (platformId) => {
      const ofIt = (labels: Record<string, string> | null): boolean => labels?.["isola.platform"] === platformId;
      return {
        groups: 0,
        volumes: [...engine.volumes.values()].filter(({ Labels }) => ofIt(Labels)).length,
        machines: engine.containers.filter(({ config }) => ofIt(config.Labels)).length,
      };
    },
    shown: async () => JSON.stringify([engine.containers, [...engine.volumes.values()]]),
    vanish: async ({ owner }) => engine.vanish(containerOf(owner.machineId)),
    emptyVolume: async ({ owner }) => {
      const name = `isola-${owner.platformId}-${owner.machineId}`;
      engine.volumes.set(name, { Name: name, CreatedAt: new Date().toISOString(), Labels: null });
    },
    takeName: async ({ owner }) => {
      const name = `isola-${owner.platformId}-${owner.machineId}`;
      engine.volumes.set(name, { Name: name, CreatedAt: new Date().toISOString(), Labels: null });
    },
    hasDeadline: true,
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((closed) => server.close(closed));
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function serve(engine: DockerEngine, faults: string[], asked: DockerRequest[]): Server {
  return createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (chunk: Buffer) => (text += chunk.toString()));
    incoming.on("end", () => {
      const understood = understand(incoming.method ?? "", new URL(incoming.url ?? "/", "http://docker"), text);
      const isUnderstood = typeof understood !== "string";
      if (isUnderstood) asked.push(understood.request);
      else faults.push(understood);
      const refusal = { status: 400, json: { message: understood }, bytes: undefined };
      const { status, json, bytes } = isUnderstood ? engine.answer(understood) : refusal;
      outgoing.writeHead(status, json === undefined ? {} : { "content-type": "application/json" });
      outgoing.end(bytes ?? (json === undefined ? undefined : JSON.stringify(json)));
    });
  });
}

/** `fetch` over a Unix socket. */
function fetchOver(socketPath: string): ProviderFetch {
  return (url, init) => {
    const { pathname, search } = new URL(url);
    const headers = { ...Object.fromEntries(new Headers(init.headers)), host: "docker" };
    return new Promise((done, fail) => {
      const options = { socketPath, path: pathname + search, method: init.method ?? "GET", headers, agent: false };
      const outgoing = request(options, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.once("error", fail);
        incoming.once("end", () => {
          const status = incoming.statusCode ?? 500;
          const empty = status === 204 || status === 304;
          done(new Response(empty ? null : Buffer.concat(chunks), { status, headers: plain(incoming.headers) }));
        });
      });
      outgoing.once("error", fail);
      init.signal?.addEventListener("abort", () => outgoing.destroy());
      outgoing.end(typeof init.body === "string" ? init.body : undefined);
    });
  };
}

const plain = (headers: NodeJS.Dict<string | string[]>): [string, string][] =>
  Object.entries(headers).map(([name, value]) => [name, String(value)]);

/** Where a real Docker Engine is, by `DOCKER_HOST` or its usual socket; null where there is none. */
export function realDocker(): { url: string; fetch: ProviderFetch } | null {
  const given = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  if (given.startsWith("unix://")) {
    const path = given.slice("unix://".length);
    return existsSync(path) ? { url: "http://docker", fetch: fetchOver(path) } : null;
  }
  return { url: given.replace(/^tcp:/, "http:"), fetch };
}
