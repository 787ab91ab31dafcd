import { connect, createServer, type Server } from "node:net";

/** A listener that nobody has any business with: each connection to it is an escape. */
export interface Canary {
  port: number;
  /** Connections since the start. */
  connections(): number;
  close(): Promise<void>;
}

/** Listens on every address of this computer. */
export async function startCanary(): Promise<Canary> {
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncanary");
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(0, "::", done);
  }).catch(
    () =>
      new Promise<void>((done, fail) => {
        server.once("error", fail);
        server.listen(0, "0.0.0.0", done);
      }),
  );
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The canary has no port.");
  return {
    port: address.port,
    connections: () => connections,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

/** Whether somebody listens at a port of the loopback interface. */
export function canConnect(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}
