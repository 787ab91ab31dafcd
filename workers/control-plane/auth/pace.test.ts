import { describe, expect, test } from "vitest";

import { Pace } from "./pace.ts";

/** A clock that stands until somebody waits, or works. */
function clock() {
  let at = 1_000;
  const waiting: { until: number; go: () => void }[] = [];
  return {
    now: () => at,
    wait: (ms: number) => new Promise<void>((go) => waiting.push({ until: at + ms, go })),
    works: (ms: number) => () => {
      at += ms;
      return at;
    },
    async run() {
      for (;;) {
        await Promise.resolve().then(() => {});
        for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
        const next = waiting.toSorted((a, b) => a.until - b.until)[0];
        if (next === undefined) return;
        waiting.splice(waiting.indexOf(next), 1);
        at = Math.max(at, next.until);
        next.go();
      }
    },
  };
}

describe("turns", () => {
  test("come one at a time, in the order of coming, with a pause between two", async () => {
    const time = clock();
    const pace = new Pace({ pauseMs: 20, waitMsMax: 10_000, turnMs: 100 }, time);
    const ended = Promise.all([1, 2, 3].map(() => pace.turn(time.works(100))));
    await time.run();
    expect(await ended).toEqual([1_100, 1_220, 1_340]);
  });

  test("keep the pause where work takes longer than it was believed to", async () => {
    const time = clock();
    const pace = new Pace({ pauseMs: 20, waitMsMax: 10_000, turnMs: 10 }, time);
    const began: number[] = [];
    const work = () => {
      began.push(time.now());
      return time.works(200)();
    };
    const ended = Promise.all([1, 2, 3].map(() => pace.turn(work)));
    await time.run();
    await ended;
    expect(began.map((at, index) => at - (began[index - 1] ?? at))).toEqual([0, 220, 220]);
  });

  test("are refused to who would wait too long, with how long that is", async () => {
    const time = clock();
    const pace = new Pace({ pauseMs: 0, waitMsMax: 250, turnMs: 100 }, time);
    const outcomes = Promise.allSettled(Array.from({ length: 10 }, () => pace.turn(time.now)));
    await time.run();
    const refused = (await outcomes).filter((outcome) => outcome.status === "rejected");
    expect(refused).toHaveLength(7);
    expect(refused[0]?.reason).toMatchObject({ code: "unavailable", details: { retryAfterSeconds: 2 } });
  });

  test("go on after work that failed, and after somebody who went away", async () => {
    const time = clock();
    const pace = new Pace({ pauseMs: 10, waitMsMax: 1_000, turnMs: 50 }, time);
    const failed = pace.turn(() => {
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    // A turn that was given and is never taken, since its request is gone.
    void pace.turn(() => new Promise(() => {}));
    const next = pace.turn(time.works(1));
    await time.run();
    expect(await next).toBeGreaterThan(1_000);
  });
});
