import { MACHINE_SOCKET_IDLE_MS } from "../../../contracts/limits.ts";

/** Codes of RFC 6455, 7.4.1. */
const GOING_AWAY = 1001;
const INTERNAL = 1011;
/** Codes that say how a connection ended and that nobody may send. */
const UNSENDABLE: ReadonlySet<number> = new Set([1005, 1006, 1015]);

/**
 * Joins two sockets: what one says the other hears, closing too. A pair on which nobody says anything is closed. What waits
 * for an end that does not read is kept by the runtime, which does not tell how much that is: on one computer the watchdog
 * replaces an edge that it makes grow.
 *
 * @param ended called once, when both are closed or closing
 */
export function joinSockets(
  caller: WebSocket,
  machine: WebSocket,
  ended: () => void,
  idleMs: number = MACHINE_SOCKET_IDLE_MS,
): void {
  let isOver = false;
  let heardAt = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const end = (code: number, reason: string): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer ?? null);
    for (const socket of [caller, machine]) close(socket, code, reason);
    ended();
  };
  const pass = (from: WebSocket, to: WebSocket): void => {
    from.binaryType = "arraybuffer";
    from.addEventListener("message", ({ data }) => {
      if (isOver) return;
      heardAt = Date.now();
      try {
        to.send(data as string | ArrayBuffer);
      } catch {
        end(INTERNAL, "the other end is gone");
      }
    });
    from.addEventListener("close", ({ code, reason }) => end(code, reason));
    from.addEventListener("error", () => end(INTERNAL, "the connection failed"));
  };
  const watch = (): void => {
    const leftMs = heardAt + idleMs - Date.now();
    if (leftMs <= 0) end(GOING_AWAY, `nothing was said for ${idleMs / 1_000} s`);
    else timer = setTimeout(watch, leftMs);
  };

  pass(machine, caller);
  pass(caller, machine);
  machine.accept();
  caller.accept();
  watch();
}

function close(socket: WebSocket, code: number, reason: string): void {
  try {
    if (UNSENDABLE.has(code)) socket.close();
    else socket.close(code, reason);
  } catch {
    // It is closed already.
  }
}
