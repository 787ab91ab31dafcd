import { createHash, timingSafeEqual } from "node:crypto";
import type { Writable } from "node:stream";

import { type MessageReader, ProtocolError } from "./message-reader.ts";
import { errorResponse, passwordRequest, signedOn, STARTUP } from "./messages.ts";

/**
 * Lets a client in that knows the password. The password travels in the clear, over loopback only: it is the
 * one form that the Neon driver sends ahead together with its first query.
 *
 * @returns false when the client left or was refused; it has been told why.
 */
export async function signOn(stream: Writable, reader: MessageReader, password: string): Promise<boolean> {
  for (;;) {
    const start = await reader.readStartup();
    if (start === null || start.code === STARTUP.cancel) return false;
    if (start.code === STARTUP.session) break;
    if (start.code !== STARTUP.tls && start.code !== STARTUP.gss) throw new ProtocolError(`start-up ${start.code}`);
    stream.write("N");
  }
  stream.write(passwordRequest);
  const answer = await reader.read();
  if (answer === null) return false;
  if (answer.type !== "p" || !isSame(answer.bytes.subarray(5, -1).toString(), password)) {
    stream.write(errorResponse("FATAL", "28P01", "the password is wrong"));
    return false;
  }
  stream.write(signedOn);
  return true;
}

/** Compares in a time that says nothing about where two texts differ. */
export function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
