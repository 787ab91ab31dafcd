import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { createClient, type Client } from "../../contracts/client.ts";
import { request, type Answer, type RequestOptions } from "./request.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const OWNER = { email: "owner@example.com", password: "a long enough password" };
const START_MS = 60_000;
const STOP_MS = 10_000;

/** A whole platform in its own process, data folder and port, as `npm start` makes it. */
export interface Platform {
  port: number;
  directory: string;
  /** The launcher. */
  process: ChildProcess;
  /** From spawn to the line `ready`, in milliseconds. */
  startMs: number;
  /** Everything it has printed. */
  output(): string;
  owner: typeof OWNER;
  /** Sends a request to a host of the platform. */
  fetch(host: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** A client with the rights of the owner. */
  client(): Promise<Client>;
  /** An API key of the owner's. */
  token(): Promise<string>;
  /** Ends it by SIGTERM and waits; the folder stays. */
  stop(): Promise<number | null>;
  /** Ends it and removes the folder. */
  dispose(): Promise<void>;
}

/** A port of the loopback interface that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? done(address.port) : fail(new Error("no port")),
      );
    });
  });
}

/** Starts a platform and waits until it says `ready`. Give a directory to start one again on its data. */
export async function startPlatform(
  options: { directory?: string; port?: number; env?: Record<string, string> } = {},
): Promise<Platform> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "isola-test-")));
  const port = options.port ?? (await freePort());
  const began = performance.now();
  const child = spawn(process.execPath, [join(ROOT, "local/main.ts")], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ISOLA_DATA: directory,
      // Nobody is there: no test asks the world's DNS.
      DNS_URL: "http://127.0.0.1:9/dns-query",
      ISOLA_PORT: String(port),
      ISOLA_OWNER_EMAIL: OWNER.email,
      ISOLA_OWNER_PASSWORD: OWNER.password,
      ...options.env,
    },
  });
  let output = "";
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  await new Promise<void>((done, fail) => {
    const deadline = setTimeout(() => fail(new Error(`not ready after ${START_MS} ms:\n${output}`)), START_MS);
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (/^ready /m.test(output)) {
        clearTimeout(deadline);
        done();
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => {
      clearTimeout(deadline);
      fail(new Error(`ended with ${code} before it was ready:\n${output}`));
    });
  });
  const startMs = performance.now() - began;

  const send = (host: string, path: string, init: RequestOptions = {}): Promise<Answer> =>
    request({ ...init, port, path, headers: { host: `${host}:${port}`, ...init.headers } });
  let key: Promise<string> | undefined;
  const token = (): Promise<string> => (key ??= ownerKey(send, port));

  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    const code = await ended;
    clearTimeout(late);
    return code;
  };

  return {
    port,
    directory,
    process: child,
    startMs,
    output: () => output,
    owner: OWNER,
    fetch: send,
    token,
    client: async () => createClient({ url: `http://app.localhost:${port}`, token: await token(), fetch: fetchLocal }),
    stop,
    dispose: async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** `fetch` for the client: Node does not resolve `*.localhost`, so the connection goes to the loopback address. */
async function fetchLocal(url: string, init: RequestInit): Promise<Response> {
  const { hostname, port, pathname, search } = new URL(url);
  const answer = await request({
    port: Number(port),
    path: pathname + search,
    method: init.method ?? "GET",
    headers: { host: `${hostname}:${port}`, ...Object.fromEntries(new Headers(init.headers)) },
    ...(typeof init.body === "string" ? { body: init.body } : {}),
  });
  const empty = answer.status === 204 || answer.status === 304;
  return new Response(empty ? null : answer.text, { status: answer.status, headers: answer.headers });
}

async function ownerKey(send: Platform["fetch"], port: number): Promise<string> {
  const origin = `http://app.localhost:${port}`;
  const json = { "content-type": "application/json", origin };
  const signedIn = await send("app.localhost", "/api/auth/sign-in/email", {
    method: "POST",
    headers: json,
    body: JSON.stringify(OWNER),
  });
  const cookie = signedIn.setCookies.map((line) => line.split(";")[0]).join("; ");
  const made = await send("app.localhost", "/api/v1/keys", {
    method: "POST",
    headers: { ...json, cookie },
    body: JSON.stringify({ name: "test" }),
  });
  if (made.status !== 201) throw new Error(`no key: sign-in ${signedIn.status}, key ${made.status} ${made.text}`);
  return (JSON.parse(made.text) as { key: string }).key;
}
