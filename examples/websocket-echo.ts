/**
 * A WebSocket that says everything back.
 *
 *   npx isola deploy examples/websocket-echo.ts --org hello --name echo --route "GET /echo"
 *   npx wscat --connect ws://hello.localhost:8787/echo
 */
export default {
  fetch(request: Request): Response {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("Connect with a WebSocket.\n", { status: 426, headers: { upgrade: "websocket" } });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    server.binaryType = "arraybuffer";
    server.accept();
    server.addEventListener("message", ({ data }) => server.send(data));
    return new Response(null, { status: 101, webSocket: client });
  },
};
