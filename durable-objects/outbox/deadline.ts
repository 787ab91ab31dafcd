/** Settles as the work does, or rejects when it has not settled in time. The work itself goes on. */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  if (await settlesWithin(work, timeoutMs)) return work;
  throw new Error(`No answer within ${timeoutMs} ms`);
}

/** Waits for work to settle, well or badly, but no longer than this; says whether it did. */
export async function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settle, settle);
  });
}
