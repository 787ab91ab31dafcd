import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import type { Client as SqlClient } from "pg";
import { inject } from "vitest";

import type { InvokeRequest } from "../../../contracts/doors.ts";
import type { DeliverRequest } from "../../../contracts/events/dispatch.ts";
import { controlPlaneWorker, durableObjectsWorker, type MiniflareWorker } from "../../../local/workers.ts";
import { openTestDatabase, type TestDatabase } from "./database.ts";
import type { CoreTemplate } from "./global-setup.ts";

export const ORIGIN = "http://app.localhost:8787";
export const SETUP_TOKEN = "set-up-token-of-this-run";

export interface CallOptions {
  method?: string;
  /** API key. */
  token?: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: string | Uint8Array;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body, read as JSON; null where it is none. */
  json: Json;
}
/** What a body holds; tests say of each what they expect. */
type Json = ReturnType<typeof JSON.parse>;

/** The control plane in Miniflare, with the real state beside it, a real database, and a stand-in for the edges. */
export interface Core {
  call(path: string, options?: CallOptions): Promise<Answer>;
  /** Calls a method of the directory or the state by its door. */
  door(door: "directory" | "state", method: string, ...args: unknown[]): Promise<Json>;
  /** What the edges were told. */
  edge(
    mode?: "answers" | "hangs" | "fails",
  ): Promise<{ forgotten: string[]; invoked: InvokeRequest[]; delivered: DeliverRequest[] }>;
  /** Runs the clock's work once. */
  tick(): Promise<string>;
  sql: SqlClient;
  /** Everything that the Workers have printed. */
  printed(): string;
  /** Where the control plane listens, for what `call` cannot say. */
  address: URL;
  stop(): Promise<void>;
}

/** What secrets are sealed with here. */
const SECRETS_KEYS = `1:${btoa("0123456789abcdef0123456789abcdef")}`;

export interface CoreOptions {
  /** A database that is there already and outlives the core; a new one where nothing is said. */
  database?: TestDatabase;
  /** Where objects are kept, for another core to go on with; nowhere where nothing is said. */
  stateDirectory?: string;
}

/** Starts a core of its own; `bindings` replace the usual ones. */
export async function startCore(bindings: Record<string, string> = {}, options: CoreOptions = {}): Promise<Core> {
  const template: CoreTemplate = inject("coreTemplate");
  const [database, controlPlane, durableObjects, fixture] = await Promise.all([
    options.database ?? openTestDatabase({ template: template.dataDirectory }),
    readFile(template.controlPlane, "utf8"),
    readFile(template.durableObjects, "utf8"),
    readFile(resolve(import.meta.dirname, "fixture.js"), "utf8"),
  ]);
  const variables = {
    ...database.bindings,
    AUTH_SECRET: "a-secret-of-at-least-thirty-two-characters",
    SETUP_TOKEN,
    PUBLIC_URL: ORIGIN,
    TENANT_URL: "http://{slug}.localhost:8787",
    VERSION: "0.0.0-test",
    METERING: "instrument",
    MAIL_DRIVER: "mailbox",
    PLATFORM_ID: "platformoftests",
    MACHINE_KEY: "a-machine-key-of-at-least-thirty-two-characters",
    // Nobody is there: no test asks the world's DNS.
    DNS_URL: "http://127.0.0.1:9/dns-query",
    ...bindings,
  };
  const dispatch = { DISPATCH_0: { name: "fixture", entrypoint: "Dispatch" } };
  const lines: string[] = [];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.NONE),
      ...(options.stateDirectory === undefined ? {} : { resourcePersistencePath: options.stateDirectory }),
      handleStructuredLogs: ({ message }) => void lines.push(message),
      workers: [
        controlPlaneWorker(controlPlane, variables, dispatch),
        durableObjectsWorker(durableObjects, SECRETS_KEYS, dispatch),
        fixtureWorker(fixture),
      ],
    }),
  );
  const address = await miniflare.ready;
  const fixtureFetcher = await miniflare.getWorker("fixture");
  const ask = async (path: string, args: unknown[]): Promise<Json> =>
    (await fixtureFetcher.fetch(`http://fixture/${path}`, { method: "POST", body: JSON.stringify(args) })).json();

  return {
    sql: database.client,
    printed: () => lines.join("\n"),
    address,
    call: async (path, options = {}) => {
      const headers = new Headers(options.headers);
      if (options.token !== undefined) headers.set("authorization", `Bearer ${options.token}`);
      if (options.json !== undefined) headers.set("content-type", "application/json");
      const body = options.json === undefined ? options.body : JSON.stringify(options.json);
      const response = await miniflare.dispatchFetch(ORIGIN + path, {
        method: options.method ?? (body === undefined ? "GET" : "POST"),
        headers: [...headers],
        redirect: "manual",
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "") && text !== "";
      return {
        status: response.status,
        headers: new Headers([...response.headers]),
        text,
        json: isJson ? JSON.parse(text) : null,
      };
    },
    door: (door, method, ...args) => ask(`${door}/${method}`, args),
    edge: (mode) => (mode === undefined ? ask("edge/look", []) : ask("edge/mode", [mode])),
    tick: async () => {
      const worker = await miniflare.getWorker("control-plane");
      return (await worker.scheduled({ cron: "* * * * *" })).outcome;
    },
    stop: async () => {
      await miniflare.dispose();
      if (options.database === undefined) await database.close();
    },
  };
}

function fixtureWorker(code: string): MiniflareWorker {
  return {
    name: "fixture",
    modules: [{ type: "ESModule", path: "fixture.js", contents: code }],
    compatibilityDate: "2026-10-01",
    serviceBindings: { DIRECTORY: { name: "control-plane", entrypoint: "Directory" }, STATE: "durable-objects" },
  };
}
