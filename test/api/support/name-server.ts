import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A DNS resolver that answers over HTTPS's JSON form, without the TLS. */
export interface NameServer {
  url: string;
  /** TXT records by name. */
  records: Map<string, string[]>;
  /** Names that were asked for, in order. */
  asked: string[];
  /** What it answers instead of the truth. */
  fault: "none" | "fails" | "refuses" | "garbage";
  close(): Promise<void>;
}

/** Starts one on loopback. */
export async function startNameServer(): Promise<NameServer> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://dns");
    const name = searchParams.get("name") ?? "";
    if (pathname !== "/dns-query" || searchParams.get("type") !== "TXT" || !request.headers.accept?.includes("json")) {
      response.writeHead(400).end();
      return;
    }
    self.asked.push(name);
    if (self.fault === "fails") response.writeHead(502).end("bad gateway");
    else if (self.fault === "garbage") response.end("<html>");
    else response.end(JSON.stringify(answer(name)));
  });
  const answer = (name: string) => {
    const found = self.records.get(name);
    const question = [{ name, type: 16 }];
    if (self.fault === "refuses") return { Status: 2, Question: question };
    if (found === undefined) return { Status: 3, Question: question };
    // A resolver that followed an alias lists that too, and long texts come in several strings.
    const alias = { name, type: 5, TTL: 60, data: "elsewhere.example." };
    const texts = found.map((text) => ({ name, type: 16, TTL: 60, data: quoted(text) }));
    return { Status: 0, Question: question, Answer: [alias, ...texts] };
  };
  const self: NameServer = {
    url: "",
    records: new Map(),
    asked: [],
    fault: "none",
    close: () => new Promise((done) => void server.close(() => done())),
  };
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dns-query`;
  return self;
}

const quoted = (text: string): string => `${JSON.stringify(text.slice(0, 20))} ${JSON.stringify(text.slice(20))}`;
