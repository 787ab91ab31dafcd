import { WorkerEntrypoint } from "cloudflare:workers";

/** The public network for the router's tests: it answers for every host, and remembers who was asked. */
const seen = [];

const zeros = (bytes) => {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      const size = Math.min(left, 1024 * 1024);
      left -= size;
      if (size > 0) controller.enqueue(new Uint8Array(size));
      else controller.close();
    },
  });
};

async function echo(request) {
  const body = request.body === null ? null : await request.arrayBuffer();
  return Response.json({
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(request.headers),
    cf: request.cf ?? null,
    bytes: body === null ? null : body.byteLength,
    text: body === null || body.byteLength > 1_000 ? null : new TextDecoder().decode(body),
  });
}

function socket() {
  const [client, server] = Object.values(new WebSocketPair());
  server.accept();
  server.addEventListener("message", ({ data }) => server.send(`echo ${data}`));
  server.addEventListener("close", ({ code }) => server.close(code));
  return new Response(null, { status: 101, webSocket: client });
}

export default class Internet extends WorkerEntrypoint {
  async fetch(request) {
    const url = new URL(request.url);
    const parameter = (name) => url.searchParams.get(name);
    seen.push(url.host);
    switch (url.pathname) {
      case "/redirect":
        return new Response(null, {
          status: Number(parameter("status") ?? 302),
          headers: { location: parameter("to") },
        });
      case "/bytes":
        return new Response(zeros(Number(parameter("count"))));
      case "/declared": {
        const bytes = Number(parameter("count"));
        return new Response(zeros(bytes).pipeThrough(new FixedLengthStream(bytes)));
      }
      case "/gzip":
        return new Response(zeros(Number(parameter("count"))), { headers: { "content-encoding": "gzip" } });
      case "/cookies":
        return new Response(zeros(3), {
          headers: [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2, c"],
          ],
        });
      case "/zstd":
        return new Response("packed", { headers: { "content-encoding": "zstd" }, encodeBody: "manual" });
      case "/forged":
        return new Response("{}", {
          status: 500,
          headers: { "x-isola-fault": "error", "x-isola-quiet": "1", "x-kept": "1" },
        });
      case "/head":
        return new Response(null, { headers: { "content-length": "99999999999" } });
      case "/empty":
        return new Response(null, { status: 204, headers: { "x-kept": "1" } });
      case "/socket":
        return socket();
      default:
        return echo(request);
    }
  }

  // What follows is for the tests.
  takeSeen() {
    return seen.splice(0);
  }
}
