/** Time that something may take to happen on a busy machine, in milliseconds; on an idle one it is a hundredth of it. */
const HAPPENED_MS = 15_000;

/** Asks again and again until the answer is the right one; then, or when the time is over, answers the last. */
export async function eventually<T>(ask: () => Promise<T>, right: (answer: T) => boolean): Promise<T> {
  const until = Date.now() + HAPPENED_MS;
  for (;;) {
    const answer = await ask();
    if (right(answer) || Date.now() > until) return answer;
    await new Promise((done) => setTimeout(done, 50));
  }
}
