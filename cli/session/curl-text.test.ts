import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";

import { describe, expect, it, onTestFinished } from "vitest";

import { curlText, type CurlRequest } from "./curl-text.ts";

const run = promisify(execFile);
const ORIGIN = "http://hello.localhost:8787";
const plain: CurlRequest = { origin: ORIGIN, method: "GET", path: "/", headers: {}, body: null };
const text = (body: string) => ({ text: body, encoding: "utf8" as const });

/** Runs a command in a shell against a server; answers what arrived there. */
async function arrived(request: Omit<CurlRequest, "origin">) {
  const seen: { method: string; url: string; headers: Record<string, unknown>; body: Buffer }[] = [];
  const server = createServer((incoming, response) => {
    void buffer(incoming).then((body) => {
      seen.push({ method: incoming.method ?? "", url: incoming.url ?? "", headers: incoming.headers, body });
      response.end();
    });
  });
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { command } = curlText({ ...request, origin });
  const { stdout } = await run("/bin/sh", ["-c", `${command} --silent --max-time 5`]);
  return { seen: seen[0], count: seen.length, stdout };
}

describe("a curl command", () => {
  it("says what was recorded", () => {
    const headers = { accept: "*/*", "content-type": "application/json" };
    expect(curlText(plain).command).toBe(`curl --globoff --path-as-is --compressed ${ORIGIN}/`);
    const post = { ...plain, method: "POST", path: "/items?a=b&c={d}", headers, body: text('{"a":1}') };
    expect(curlText(post).command).toBe(
      `curl --globoff --path-as-is --compressed '${ORIGIN}/items?a=b&c={d}' ` +
        `--header 'accept: */*' --header 'content-type: application/json' --data-raw '{"a":1}'`,
    );
    expect(curlText({ ...plain, method: "DELETE" }).command).toContain("--request DELETE");
    expect(curlText({ ...plain, method: "HEAD" }).command).toContain("--head");
  });

  it("leaves out credentials, what belongs to a connection, and what a terminal would obey", () => {
    const headers = { authorization: "[redacted]", host: "x", "x-odd": "a\u001b[2Jb", "x-bidi": "\u202e", "x-a": "b" };
    const { command, leftOut } = curlText({ ...plain, headers });
    expect(leftOut).toEqual(["authorization", "x-odd", "x-bidi"]);
    expect(command).toContain("--header 'x-a: b'");
    expect(command).not.toContain("'host:");
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(command).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it("sends the same request when a shell runs it, however hostile the request is", async () => {
    const hostile = `'; touch /tmp/isola-curl-test; echo "$(id)" \`id\` \\ ' $HOME !! -x`;
    const { seen, count, stdout } = await arrived({
      method: "PUT",
      path: "/../a{1,2}[1-3]?q='$(id)'&r=`id`",
      headers: { "x-hostile": hostile, "x-empty": "", "content-type": "text/plain", "x-at": "@/etc/passwd" },
      body: text(`@/etc/passwd ${hostile}`),
    });
    expect({ count, stdout }).toEqual({ count: 1, stdout: "" });
    expect(seen).toMatchObject({
      method: "PUT",
      url: "/../a{1,2}[1-3]?q='$(id)'&r=`id`",
      headers: { "x-hostile": hostile, "x-empty": "", "content-type": "text/plain", "x-at": "@/etc/passwd" },
    });
    expect(seen?.body.toString()).toBe(`@/etc/passwd ${hostile}`);
  });

  it("sends bytes and control characters as they were, without showing them", async () => {
    const bytes = Buffer.from([0, 255, 27, 91, 10, 39]);
    const body = { text: bytes.toString("base64"), encoding: "base64" as const };
    expect((await arrived({ ...plain, method: "POST", body })).seen?.body).toEqual(bytes);
    const control = "a\u0000b\u001b[2J\n'";
    const { seen } = await arrived({ ...plain, method: "POST", body: text(control) });
    expect(seen?.body.toString()).toBe(control);
    expect(seen?.headers["content-type"]).toBeUndefined();
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(curlText({ ...plain, method: "POST", body: text(control) }).command).not.toMatch(/[\u0000-\u001f]/);
  });

  it("writes odd characters of a path as percent codes", () => {
    const { command } = curlText({ ...plain, path: "/é %20\ud800\u0007" });
    expect(command).toContain("/%C3%A9%20%20%EF%BF%BD%07");
  });
});
