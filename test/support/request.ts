import { request as httpRequest, type Agent } from "node:http";

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  agent?: Agent;
  timeoutMs?: number;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  setCookies: string[];
  text: string;
}

/** One HTTP request to the loopback address, with any `Host`; rejects on a reset, a refusal, or after `timeoutMs`. */
export function request(options: RequestOptions & { port: number; path: string }): Promise<Answer> {
  return new Promise((done, fail) => {
    const outgoing = httpRequest(
      {
        host: "127.0.0.1",
        port: options.port,
        path: options.path,
        method: options.method ?? "GET",
        headers: options.headers,
        agent: options.agent ?? false,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.once("error", fail);
        incoming.once("end", () => {
          const headers: Record<string, string> = {};
          for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value);
          done({
            status: incoming.statusCode ?? 0,
            headers,
            setCookies: incoming.headers["set-cookie"] ?? [],
            text: Buffer.concat(chunks).toString("utf8"),
          });
        });
      },
    );
    outgoing.setTimeout(options.timeoutMs ?? 30_000, () => outgoing.destroy(new Error("timed out")));
    outgoing.once("error", fail);
    outgoing.end(options.body);
  });
}
