/**
 * A Worker beside the control plane: it stands in for an edge, remembering what it was told, and lets
 * tests through the doors that have no HTTP of their own.
 */
import { WorkerEntrypoint } from "cloudflare:workers";

const forgotten = [];
const invoked = [];
const delivered = [];
let mode = "answers";

export class Dispatch extends WorkerEntrypoint {
  async forget(slug) {
    if (mode === "hangs") await new Promise(() => {});
    forgotten.push(slug);
  }

  async warm() {}

  async deliver(request) {
    delivered.push(request);
    const executionId = "exe_00000000000000000000";
    if (mode === "fails") {
      return { outcome: "failed", executionId, durationMs: 1, code: "script_error", message: "boom" };
    }
    return { outcome: "ok", executionId, durationMs: 1, acks: null, response: null };
  }

  async invoke(request) {
    invoked.push(request);
    if (mode === "hangs") await new Promise(() => {});
    const failed = request.path === "/throws";
    return {
      executionId: "exe_00000000000000000000",
      status: failed ? 500 : 200,
      headers: { "content-type": "text/plain" },
      body: `${request.method} ${request.path} ${request.body ?? ""}`,
      bodyEncoding: "utf8",
      truncated: false,
      durationMs: 1,
      lines: [],
      error: failed ? { name: "Error", message: "boom", stack: "Error: boom\n    at fetch (index.ts:1:7)" } : null,
    };
  }
}

export default class Fixture extends WorkerEntrypoint {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const [door, method] = pathname.slice(1).split("/");
    const args = await request.json();
    if (door === "edge") {
      if (method === "mode") mode = args[0];
      return Response.json({ forgotten, invoked, delivered });
    }
    const stub = door === "directory" ? this.env.DIRECTORY : this.env.STATE;
    try {
      return Response.json({ value: (await stub[method](...args)) ?? null });
    } catch (error) {
      return Response.json({ code: error.code ?? null, message: error.message });
    }
  }
}
