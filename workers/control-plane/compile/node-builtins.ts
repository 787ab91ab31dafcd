/** Modules of Node that the runtime brings when a script imports them, as they are called after `node:`. */
const NODE_BUILTINS = new Set(
  (
    "assert assert/strict async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns " +
    "dns/promises domain events fs fs/promises http http2 https inspector inspector/promises module net os path path/posix " +
    "path/win32 perf_hooks process punycode querystring readline readline/promises repl stream stream/consumers " +
    "stream/promises stream/web string_decoder sys timers timers/promises tls trace_events tty url util util/types v8 vm " +
    "wasi worker_threads zlib"
  ).split(" "),
);
/** Those that exist only with the prefix. */
const PREFIXED_BUILTINS = new Set(["node:sqlite", "node:test"]);

/** Whether a specifier names a module of Node that scripts can import, with or without `node:`. */
export function isNodeBuiltin(specifier: string): boolean {
  return PREFIXED_BUILTINS.has(specifier) || NODE_BUILTINS.has(specifier.replace(/^node:/, ""));
}
