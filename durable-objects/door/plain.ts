/** Awaits a call and ends its session at once: what it answered is plain data and needs none. */
export async function plain<T>(call: Promise<T>): Promise<T> {
  const result = await call;
  (result as Partial<Disposable> | null)?.[Symbol.dispose]?.();
  return result;
}
