import type { VersionInput } from "../../contracts/doors.ts";

/**
 * SHA-256 (hex) of all that makes a version what it is: kind, compiled hash, files, source map and,
 * for a module, what it exports.
 * Two uploads with one fingerprint are one version; the order of the files does not matter.
 */
export async function fingerprintOf(input: VersionInput): Promise<string> {
  const files = Object.entries(input.files).sort(([a], [b]) => (a < b ? -1 : 1));
  const exports = input.exports === null ? [] : [input.exports];
  const text = JSON.stringify([input.kind, input.hash, input.code.main, files, input.sourceMap, ...exports]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
