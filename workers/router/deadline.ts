import { PlatformError } from "../../contracts/errors.ts";

/**
 * Waits for `work` at most `ms` milliseconds; then throws `timeout`. A call to a process that
 * hangs never ends by itself, so every call between processes goes through here.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let handle: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    handle = setTimeout(() => reject(new PlatformError("timeout", `${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return released(await Promise.race([work, expired]));
  } finally {
    clearTimeout(handle ?? null);
  }
}

/** Doors answer plain data; letting go of the call at once frees the other side. */
export function released<T>(result: T): T {
  if (typeof result === "object" && result !== null) (result as { [Symbol.dispose]?: () => void })[Symbol.dispose]?.();
  return result;
}
