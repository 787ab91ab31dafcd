/** Raised when the same upload would come to mean other code, so that no isolate is taken for another. */
const COMPILED_FORMAT = 1;

/** What a version runs; everything here is part of its identity. */
export interface Compiled {
  kind: "endpoint" | "module";
  main: string;
  modules: Record<string, string>;
  nodeCompat: boolean;
}

/** SHA-256 (hex) of compiled content; the order of the modules does not matter. */
export async function hashCompiled(compiled: Compiled): Promise<string> {
  const modules = Object.entries(compiled.modules).sort(([a], [b]) => (a < b ? -1 : 1));
  const canonical = JSON.stringify([COMPILED_FORMAT, compiled.kind, compiled.main, compiled.nodeCompat, modules]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
