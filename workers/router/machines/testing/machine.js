/**
 * A machine for the router's tests, which tells what reached it and does what the path says. What was asked is shown
 * under `/-/asked` to whoever asks for it directly.
 */
const asked = [];
let cancelled = 0;
const failures = { refused: 0 };

const encode = (text) => new TextEncoder().encode(text);

function streaming(pieces, pauseMs) {
  let index = 0;
  return new ReadableStream({
    async pull(controller) {
      if (index > 0) await scheduler.wait(pauseMs);
      if (index >= pieces) return controller.close();
      controller.enqueue(encode(`piece ${index++}\n`));
    },
    cancel() {
      cancelled += 1;
    },
  });
}

function socket(request) {
  const [client, server] = Object.values(new WebSocketPair());
  server.binaryType = "arraybuffer";
  server.accept();
  server.addEventListener("message", ({ data }) => {
    if (data === "close") server.close(4001, "as you wish");
    else if (data === "flood") for (let sent = 0; sent < 64; sent++) server.send(new Uint8Array(256 * 1024));
    else if (typeof data === "string") server.send(`echo ${data}`);
    else server.send(data);
  });
  server.addEventListener("close", ({ code }) => {
    asked.push({ closed: code });
  });
  const protocol = request.headers.get("sec-websocket-protocol");
  const headers = protocol === null ? {} : { "sec-websocket-protocol": protocol.split(",")[0] };
  return new Response(null, { status: 101, webSocket: client, headers });
}

export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/-/asked") return Response.json({ asked: asked.splice(0), cancelled });
    if (url.pathname === "/-/fail") {
      failures.refused = Number(url.searchParams.get("times"));
      return new Response("ok");
    }
    asked.push({
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(request.headers),
    });
    if (failures.refused > 0) {
      failures.refused -= 1;
      throw new Error("Network connection lost.");
    }
    if (request.headers.get("upgrade") === "websocket") {
      return url.pathname === "/no-sockets" ? new Response("not here", { status: 401 }) : socket(request);
    }
    switch (url.pathname) {
      case "/echo":
        return new Response(request.body, { headers: { "x-length": request.headers.get("content-length") ?? "none" } });
      case "/status":
        return new Response(null, { status: Number(url.searchParams.get("status")), headers: { etag: '"x"' } });
      case "/redirect":
        return new Response(null, { status: 302, headers: { location: "https://elsewhere.example/there" } });
      case "/stream":
        return new Response(streaming(3, 30));
      case "/endless":
        return new Response(streaming(Infinity, 20));
      case "/gzip": {
        const body = new Response("packed").body.pipeThrough(new CompressionStream("gzip"));
        const headers = new Headers({ "content-encoding": "gzip" });
        if (url.search === "?cookie") headers.append("set-cookie", "a=b; Domain=localhost");
        return new Response(body, { headers, encodeBody: "manual" });
      }
      case "/cookies": {
        const headers = new Headers();
        for (const cookie of url.searchParams.getAll("set")) headers.append("set-cookie", cookie);
        return new Response("cookies", { headers });
      }
      case "/tells":
        return new Response("told", {
          headers: { "X-Isola-Secret": request.headers.get("x-isola-secret"), "x-own": "1" },
        });
      case "/hangs":
        return new Promise(() => {});
      default:
        return Response.json({ method: request.method, url: request.url, headers: [...request.headers] });
    }
  },
};
