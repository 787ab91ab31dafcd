/**
 * The few messages of PostgreSQL's protocol (version 3) that the gateway writes itself, and the frame that
 * all of them share: one byte of type, four of length, the body.
 */

/** What a start-up message asks for; it has no type byte. */
export const STARTUP = { session: 196_608, cancel: 80_877_102, tls: 80_877_103, gss: 80_877_104 } as const;

/** State of a session as ReadyForQuery reports it: idle, in a transaction, in a failed one. */
export type SessionStatus = "I" | "T" | "E";

/** A message with its frame. */
export function message(type: string, ...body: (string | Buffer)[]): Buffer {
  const parts = body.map((part) => (typeof part === "string" ? Buffer.from(`${part}\0`) : part));
  const frame = Buffer.alloc(5);
  frame.write(type, "latin1");
  frame.writeInt32BE(4 + parts.reduce((sum, part) => sum + part.length, 0), 1);
  return Buffer.concat([frame, ...parts]);
}

/** A 32-bit integer as the protocol writes it. */
export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Asks the client for its password in the clear, which is what lets the Neon driver send it ahead. */
export const passwordRequest = message("R", int32(3));
/** Tells the client that it is signed on. */
export const signedOn = message("R", int32(0));
/** The end of an extended query: PostgreSQL answers with ReadyForQuery. */
export const sync = message("S");
/** Asks for what there is of an answer, before its end. */
export const flush = message("H");

/** A simple query: one or several statements in one text. */
export const query = (sql: string): Buffer => message("Q", sql);

/** The server takes the next query. */
export const readyForQuery = (status: SessionStatus): Buffer => message("Z", Buffer.from(status));

/** Tells the client a setting of the session. */
export const parameterStatus = (name: string, value: string): Buffer => message("S", name, value);

/** An error; after a `FATAL` one the connection ends. */
export function errorResponse(severity: "ERROR" | "FATAL", code: string, text: string): Buffer {
  return message("E", `S${severity}`, `V${severity}`, `C${code}`, `M${text}`, Buffer.from([0]));
}

/** The start-up message of a session. */
export function startup(parameters: Record<string, string>): Buffer {
  const body = Buffer.from(`${Object.entries(parameters).flat().join("\0")}\0\0`);
  return Buffer.concat([int32(8 + body.length), int32(STARTUP.session), body]);
}

/**
 * The status at the end of what a server sent in answer to a Sync or a simple query.
 *
 * @returns null when the answer does not end in ReadyForQuery, so the server did not finish.
 */
export function statusAtEnd(answer: Buffer): SessionStatus | null {
  const end = answer.length - 6;
  if (end < 0 || answer[end] !== 0x5a || answer.readInt32BE(end + 1) !== 5) return null;
  return String.fromCharCode(answer[end + 5]!) as SessionStatus;
}
