import { isSentAgain, REDACTED } from "../../contracts/redact.ts";

/** A recorded request, and where it went. */
export interface CurlRequest {
  /** Origin of the org's host. */
  origin: string;
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: { text: string; encoding: "utf8" | "base64" } | null;
}

export interface CurlCommand {
  /** One line that a POSIX shell runs; nothing of the request can leave its quotes. */
  command: string;
  /** Names of headers that are missing in it; those of a connection are curl's own affair. */
  leftOut: string[];
}

/** What a terminal would obey, or a reader would be deceived by. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u;
/** curl asks for the encodings that it can undo by itself. */
const LEFT_TO_CURL: ReadonlySet<string> = new Set(["accept-encoding"]);

/** The curl command that sends a recorded request again, as far as it was recorded. */
export function curlText({ origin, method, path, headers, body }: CurlRequest): CurlCommand {
  const leftOut: string[] = [];
  // Without these, curl would tidy up a path and take braces for a pattern.
  const words = ["curl", "--globoff", "--path-as-is", "--compressed"];
  if (method === "HEAD") words.push("--head");
  else if (method !== (body === null ? "GET" : "POST")) words.push("--request", quote(method));
  words.push(quote(origin + encodeOdd(path)));
  const names = Object.entries(headers).flatMap(([name, value]) => {
    if (LEFT_TO_CURL.has(name.toLowerCase())) return [];
    if (value === REDACTED || UNPRINTABLE.test(name + value)) {
      leftOut.push(name);
      return [];
    }
    if (!isSentAgain(name, value)) return [];
    // A header without a value is written so; after a colon curl would leave it out.
    words.push("--header", quote(value === "" ? `${name};` : `${name}: ${value}`));
    return [name.toLowerCase()];
  });
  if (body === null) return { command: words.join(" "), leftOut };
  if (!names.includes("content-type")) words.push("--header", quote("content-type:"));
  if (body.encoding === "utf8" && !UNPRINTABLE.test(body.text)) {
    return { command: [...words, "--data-raw", quote(body.text)].join(" "), leftOut };
  }
  const encoded = body.encoding === "base64" ? body.text : Buffer.from(body.text).toString("base64");
  const command = `printf %s ${quote(encoded)} | base64 -d | ${words.join(" ")} --data-binary @-`;
  return { command, leftOut };
}

/** A word that every POSIX shell takes as it is. */
const quote = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A path whose odd characters are written as percent codes; what is one already stays. */
const encodeOdd = (path: string): string =>
  path.replace(/[^\x21-\x7e]/gu, (character) =>
    character.isWellFormed() ? encodeURIComponent(character) : encodeURIComponent("\ufffd"),
  );
