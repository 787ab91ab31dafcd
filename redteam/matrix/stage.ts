import { Agent } from "node:http";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import type { Client } from "pg";
import { z } from "zod";

import { openTestDatabase } from "../../test/api/support/database.ts";
import { type Platform, startPlatform } from "../../test/support/platform.ts";
import { request } from "../../test/support/request.ts";
import { KEPT, type Look } from "./address.ts";
import { type ApiDocument, readDocument } from "./document.ts";
import type { Orgs } from "./callers.ts";
import type { Seen } from "./judge.ts";
import { Registrar } from "./registrar.ts";

const APP = "app.localhost";
const CONNECTIONS_MAX = 16;
const PATIENCE_MS = 20_000;
/** How often somebody who is told to come back later does. */
const RETRIES_MAX = 4;
const RETRY_AFTER_S_MAX = 61;

interface Sent {
  method: string;
  /** Under the API's prefix. */
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** A launched platform whose database is at hand, with the orgs of the matrix. */
export interface MatrixStage {
  document: ApiDocument;
  orgs: Orgs;
  origins: { own: string; tenant: string };
  registrar: Registrar;
  sql: Client;
  send: (sent: Sent) => Promise<Seen>;
  /** Looks as the owner of the platform. */
  look: Look;
  dispose(): Promise<void>;
}

/** Launches a platform on a database of its own, makes the orgs, and fills the one that nobody may touch. */
export async function startMatrixStage(): Promise<MatrixStage> {
  const database = await openTestDatabase();
  const started = startPlatform({ env: { DATABASE_URL: database.bindings.DATABASE_URL } });
  const platform = await started.catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
  const host = `${APP}:${platform.port}`;
  const send = async ({ method, path, headers, body }: Sent): Promise<Seen> => {
    const typed = body === undefined ? {} : { "content-type": "application/json" };
    for (let attempt = 1; ; attempt += 1) {
      const answer = await request({
        port: platform.port,
        path: `/api/v1${path}`,
        method,
        headers: { host, ...typed, ...headers },
        agent,
        timeoutMs: PATIENCE_MS,
        ...(body === undefined ? {} : { body }),
      });
      if ((answer.status !== 429 && answer.status !== 503) || attempt > RETRIES_MAX) return answer;
      await sleep(Math.min(Number(answer.headers["retry-after"] ?? 1), RETRY_AFTER_S_MAX) * 1_000);
    }
  };
  const token = await platform.token();
  const asOwner = async (method: string, path: string, json?: unknown): Promise<unknown> => {
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const { status, text } = await send({ method, path, headers: { authorization: `Bearer ${token}` }, ...body });
    if (status >= 300) throw new Error(`${method} ${path} answered ${status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
  const make = async (slug: string): Promise<string> => {
    const made = z.object({ id: z.string() }).parse(await asOwner("POST", "/orgs", { slug }));
    return made.id;
  };
  const orgs = {
    victim: await make("victim"),
    playground: await make("playground"),
    elsewhere: await make("elsewhere"),
  };
  await furnish((method, path, json) => asOwner(method, `/orgs/victim${path}`, json));
  return {
    document: readDocument(await asOwner("GET", "/openapi.json")),
    orgs,
    origins: { own: `http://${host}`, tenant: `http://elsewhere.localhost:${platform.port}` },
    registrar: new Registrar(database.client, await authSecretOf(platform)),
    sql: database.client,
    send,
    look: async (path) => asOwner("GET", path).catch(() => null),
    dispose: async () => {
      agent.destroy();
      await platform.dispose();
      await database.close();
    },
  };
}

type Make = (method: string, path: string, json?: unknown) => Promise<unknown>;

/** Something of each kind, so that what is reached for is there. */
async function furnish(make: Make): Promise<void> {
  await make("POST", "/scripts", { name: KEPT, source: "export default () => new Response()" });
  await make("POST", "/routes", { script: KEPT, path: "/kept" });
  await make("PUT", `/kv/${KEPT}/${KEPT}`, { value: KEPT });
  await make("POST", `/docs/${KEPT}`, { value: { kept: true } });
  await make("POST", `/collections/docs/${KEPT}/indexes`, { name: KEPT, fields: [{ field: "kept" }] });
  await make("PUT", "/secrets/KEPT", { value: "kept-secret" });
  await make("POST", "/triggers", { name: KEPT, script: KEPT, source: { kind: "pubsub", topic: KEPT } });
  await make("POST", "/triggers", { name: `${KEPT}-queue`, script: KEPT, source: { kind: "queue", queue: KEPT } });
  await make("POST", `/triggers/${KEPT}/pause`);
  await make("POST", `/triggers/${KEPT}/fire`, {});
}

async function authSecretOf({ directory }: Platform): Promise<string> {
  const text = await readFile(`${directory}/secrets.json`, "utf8");
  return z.object({ authSecret: z.string() }).parse(JSON.parse(text)).authSecret;
}
