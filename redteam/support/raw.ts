import { connect } from "node:net";

/** Silence after which an answer counts as complete, in milliseconds. */
const QUIET_MS = 250;
const LATEST_MS = 5_000;

/**
 * Sends bytes as they are and returns all that comes back until the other side closes or falls silent. Resets
 * count as an end.
 */
export function sendRaw(port: number, ...parts: string[]): Promise<string> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    let quiet: NodeJS.Timeout | undefined;
    const finish = (): void => {
      clearTimeout(quiet);
      clearTimeout(late);
      socket.destroy();
      done(answer);
    };
    const late = setTimeout(finish, LATEST_MS);
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      clearTimeout(quiet);
      quiet = setTimeout(finish, QUIET_MS);
    });
    socket.once("error", finish);
    socket.once("close", finish);
    socket.once("connect", () => {
      for (const part of parts) socket.write(part, "latin1");
      // Some of what is sent is never answered.
      quiet = setTimeout(finish, QUIET_MS * 4);
    });
  });
}

/** Status of each answer in a raw text; bodies that look like one count too, which errs to the careful side. */
export const statusesOf = (raw: string): number[] =>
  [...raw.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map((match) => Number(match[1]));
