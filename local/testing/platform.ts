import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { request, type Agent } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS = 30_000;

/** A launcher around the stand-in Workers, in a process of its own. */
export interface StandIn {
  process: ChildProcess;
  port: number;
  dataDirectory: string;
  /** Everything printed, stdout and stderr. */
  output(): string;
  /** Resolves to the exit code. */
  ended: Promise<number | null>;
  get(path: string, options?: GetOptions): Promise<Answer>;
}

interface GetOptions {
  host?: string;
  timeoutMs?: number;
  agent?: Agent;
}

export interface Answer {
  status: number;
  text: string;
  ms: number;
}

const started: StandIn[] = [];
const folders: string[] = [];

/** A folder that {@link disposeAll} removes. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "isola-local-"));
  folders.push(folder);
  return folder;
}

/** A port of the loopback interface that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? done(address.port) : fail(new Error())));
    });
  });
}

/** Starts the launcher without waiting for anything. */
export async function spawnStandIn(environment: Record<string, string> = {}): Promise<StandIn> {
  const port = Number(environment["ISOLA_PORT"] ?? (await freePort()));
  const dataDirectory = environment["ISOLA_DATA"] ?? temporaryFolder();
  const child = spawn(process.execPath, [join(import.meta.dirname, "stand-in.ts")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], ...environment, ISOLA_PORT: `${port}`, ISOLA_DATA: dataDirectory },
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const standIn: StandIn = {
    process: child,
    port,
    dataDirectory,
    output: () => output,
    ended: new Promise((done) => child.once("close", done)),
    get: (path, options = {}) => get(port, path, options),
  };
  started.push(standIn);
  return standIn;
}

/** Starts the launcher and waits until it says `ready`. */
export async function startStandIn(environment: Record<string, string> = {}): Promise<StandIn> {
  const standIn = await spawnStandIn(environment);
  await until(() => /^ready /m.test(standIn.output()) || standIn.process.exitCode !== null, START_MS);
  if (standIn.process.exitCode !== null) throw new Error(`It did not start:\n${standIn.output()}`);
  return standIn;
}

/** Ends what the tests of a file have started and removes their folders. */
export async function disposeAll(): Promise<void> {
  for (const standIn of started.splice(0)) {
    if (standIn.process.exitCode === null && standIn.process.signalCode === null) standIn.process.kill("SIGTERM");
    await standIn.ended;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Waits until something is so; fails after a while. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 5_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`It did not come to that within ${timeoutMs} ms.`);
    await pause(20);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** One request on a connection of its own, unless an agent is given. */
function get(port: number, path: string, { host = "hello.localhost", timeoutMs = 10_000, agent }: GetOptions) {
  const began = performance.now();
  return new Promise<Answer>((done, fail) => {
    const outgoing = request(
      { host: "127.0.0.1", port, path, agent: agent ?? false, headers: { host: `${host}:${port}` } },
      (incoming) => {
        let text = "";
        incoming.on("data", (chunk: Buffer) => (text += chunk.toString()));
        incoming.once("error", fail);
        incoming.once("end", () => done({ status: incoming.statusCode ?? 0, text, ms: performance.now() - began }));
      },
    );
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    outgoing.once("error", fail);
    outgoing.end();
  });
}

/** What a process is: its pid, its command line, and who started it. Dead ones that nobody collected do not count. */
export interface Listed {
  pid: number;
  parent: number;
  command: string;
}

/** The live processes of this computer whose command line or environment names a text. */
export function processesOf(text: string): Listed[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ");
      const environment = readFileSync(`/proc/${entry}/environ`, "utf8");
      if (state === "Z" || !(command.includes(text) || environment.includes(text))) return [];
      return [{ pid: Number(entry), parent: Number(parent), command }];
    } catch {
      return [];
    }
  });
}

/** Pids of the processes that belong to a run. */
export interface RunPids {
  reaper: number;
  core: number;
  edges: number[];
  /** The edge that stands in for silent ones; none where all take from one socket. */
  relief: number[];
  socketsDirectory: string;
}

/** Finds the processes of a run by its private folder, which the run file names. */
export function runOf(standIn: StandIn): RunPids {
  const text = readFileSync(join(standIn.dataDirectory, "run.json"), "utf8");
  const { socketsDirectory } = JSON.parse(text) as { socketsDirectory: string };
  const all = processesOf(socketsDirectory);
  const reaper = all.find((each) => each.command.includes("isola-reaper"))?.pid ?? 0;
  const named = (name: string) => all.filter((each) => each.command.includes(`${socketsDirectory}/${name}-`));
  const edges = named("edge")
    .filter((each) => each.command.includes("--socket-fd"))
    .map((each) => each.pid);
  const relief = named("relief").map((each) => each.pid);
  const core = all.find((each) => each.command.includes("--binary"))?.pid ?? 0;
  return { reaper, core, edges, relief, socketsDirectory };
}
