import { request, type Agent } from "node:http";

export interface AskOptions {
  address: { socketPath: string } | { host: string; port: number };
  method?: "GET" | "POST";
  path: string;
  /** JSON. */
  body?: string;
  timeoutMs: number;
  agent?: Agent;
}

/**
 * One HTTP request to a process of the platform; resolves to the status once the answer is
 * complete.
 *
 * @throws Error when there is no answer in time or nobody there.
 */
export function ask({ address, method = "GET", path, body = "", timeoutMs, agent }: AskOptions): Promise<number> {
  return new Promise((done, fail) => {
    const late = setTimeout(() => outgoing.destroy(new Error(`No answer within ${timeoutMs} ms.`)), timeoutMs);
    const outgoing = request(
      {
        ...address,
        method,
        path,
        agent: agent ?? false,
        headers: { host: "edge", "content-length": `${Buffer.byteLength(body)}` },
      },
      (incoming) => {
        incoming.resume();
        incoming.once("error", fail);
        incoming.once("end", () => {
          clearTimeout(late);
          done(incoming.statusCode ?? 0);
        });
      },
    );
    outgoing.once("error", (error) => {
      clearTimeout(late);
      fail(error);
    });
    outgoing.end(body);
  });
}
