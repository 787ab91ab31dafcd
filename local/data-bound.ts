const MEBIBYTE = 1024 * 1024;
/** What an edge without any isolate has reserved, in bytes: most of it is never touched. */
const IDLE_BYTES = 640 * MEBIBYTE;
/** How much more an edge reserves than it touches. */
const RESERVED_FACTOR = 1.6;

/** Whether the kernel counts what a process has reserved for writing, and does not count mere address space. */
export const CAN_BOUND_DATA = process.platform === "linux";

/**
 * What an edge may reserve (RLIMIT_DATA) so that it can just about reach its hard limit of resident memory, both in
 * bytes. The watchdog looks at resident memory only now and then; this holds also while it has no turn.
 */
export function dataBytesMaxOf(hardBytes: number): number {
  return IDLE_BYTES + hardBytes * RESERVED_FACTOR;
}
