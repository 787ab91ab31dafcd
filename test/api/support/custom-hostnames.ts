import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { z } from "zod";

const sslSchema = z.strictObject({
  method: z.enum(["txt", "http", "email"]),
  type: z.literal("dv"),
  wildcard: z.boolean(),
  settings: z.strictObject({ min_tls_version: z.enum(["1.0", "1.1", "1.2", "1.3"]) }),
});
const creation = z.strictObject({ hostname: z.string().min(3).max(255), ssl: sslSchema });
const change = z.strictObject({ ssl: sslSchema });

interface Entry {
  id: string;
  hostname: string;
  wildcard: boolean;
  status: string;
  error: string | null;
}

/** Cloudflare's custom hostnames of one zone, as its documentation describes them. */
export interface CustomHostnames {
  url: string;
  zoneId: string;
  token: string;
  entries: Map<string, Entry>;
  /** `loses` does what it is asked and drops the connection before it says so. */
  fault: "none" | "fails" | "loses" | "limited";
  calls: string[];
  close(): Promise<void>;
}

/** Starts a fake of it on loopback that refuses whatever is not in its documentation. */
export async function startCustomHostnames(): Promise<CustomHostnames> {
  let made = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://api");
      self.calls.push(`${request.method} ${pathname}`);
      const base = `/zones/${self.zoneId}/custom_hostnames`;
      const id = pathname.slice(base.length + 1);
      const text = Buffer.concat(chunks).toString();
      const outcome = ((): { status: number; result?: unknown; code?: number; message?: string } => {
        if (self.fault === "fails") return { status: 503, code: 1, message: "unavailable" };
        if (self.fault === "limited") return { status: 429, code: 971, message: "slow down" };
        if (request.headers.authorization !== `Bearer ${self.token}`)
          return { status: 403, code: 9109, message: "Invalid access token" };
        if (!pathname.startsWith(base)) return { status: 404, code: 7003, message: "no route" };
        return handle(request.method ?? "", id, searchParams, text);
      })();
      if (self.fault === "loses" && request.method !== "GET") {
        request.socket.destroy();
        return;
      }
      const success = outcome.status < 300;
      const errors = success ? [] : [{ code: outcome.code, message: outcome.message }];
      response.writeHead(outcome.status, {
        "content-type": "application/json",
        ...(outcome.status === 429 ? { "retry-after": "1" } : {}),
      });
      response.end(JSON.stringify({ success, errors, messages: [], result: outcome.result ?? null }));
    });
  });
  const handle = (method: string, id: string, query: URLSearchParams, text: string) => {
    const entry = self.entries.get(id);
    if (method === "GET" && id === "") {
      const found = [...self.entries.values()].filter(({ hostname }) => hostname.includes(query.get("hostname") ?? ""));
      return { status: 200, result: found.map(shown) };
    }
    if (method === "POST" && id === "") {
      const parsed = creation.safeParse(JSON.parse(text));
      if (!parsed.success || parsed.data.hostname.includes("*"))
        return { status: 400, code: 1400, message: "bad body" };
      const { hostname, ssl } = parsed.data;
      if ([...self.entries.values()].some((other) => other.hostname === hostname)) {
        return { status: 409, code: 1406, message: "Duplicate custom hostname found." };
      }
      made += 1;
      const one = { id: `ch-${made}`, hostname, wildcard: ssl.wildcard, status: "pending_validation", error: null };
      self.entries.set(one.id, one);
      return { status: 201, result: shown(one) };
    }
    if (entry === undefined) return { status: 404, code: 1436, message: "not found" };
    if (method === "GET") return { status: 200, result: shown(entry) };
    if (method === "DELETE") {
      self.entries.delete(id);
      return { status: 200, result: { id } };
    }
    const parsed = method === "PATCH" ? change.safeParse(JSON.parse(text)) : null;
    if (parsed?.success !== true) return { status: 400, code: 1400, message: "bad body" };
    entry.wildcard = parsed.data.ssl.wildcard;
    return { status: 200, result: shown(entry) };
  };
  const self: CustomHostnames = {
    url: "",
    zoneId: "zone-1",
    token: "cf-token-of-the-tests",
    entries: new Map(),
    fault: "none",
    calls: [],
    close: () => new Promise((done) => void server.close(() => done())),
  };
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return self;
}

function shown({ id, hostname, wildcard, status, error }: Entry) {
  const isActive = status === "active";
  return {
    id,
    hostname,
    status: isActive ? "active" : "pending",
    ownership_verification: { type: "txt", name: `_cf-custom-hostname.${hostname}`, value: `own-${id}` },
    ssl: {
      status,
      wildcard,
      method: "txt",
      type: "dv",
      validation_records: isActive ? [] : [{ txt_name: `_acme-challenge.${hostname}`, txt_value: `acme-${id}` }],
      ...(error === null ? {} : { validation_errors: [{ message: error }] }),
    },
  };
}
