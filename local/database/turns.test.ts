import { expect, test } from "vitest";

import { type EndTurn, Turns } from "./turns.ts";

test("turns come one at a time, in the order in which they were asked for", async () => {
  const turns = new Turns();
  const order: number[] = [];
  let holders = 0;
  await Promise.all(
    [1, 2, 3, 4].map(async (number) => {
      const end = (await turns.take(1_000))!;
      holders++;
      expect(holders).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 2));
      order.push(number);
      holders--;
      end();
    }),
  );
  expect(order).toEqual([1, 2, 3, 4]);
});

test("who waits too long goes without, and the next in line gets the turn", async () => {
  const turns = new Turns();
  const end = (await turns.take(1_000))!;
  const patient = turns.take(1_000);
  expect(await turns.take(10)).toBeNull();
  end();
  expect(await patient).not.toBeNull();
});

test("who leaves the line is passed over", async () => {
  const turns = new Turns();
  const end = (await turns.take(1_000))!;
  const gone = new AbortController();
  const left = turns.take(1_000, gone.signal);
  const next = turns.take(1_000);
  gone.abort();
  expect(await left).toBeNull();
  end();
  expect(await next).not.toBeNull();
  expect(await turns.take(1_000, gone.signal)).toBeNull();
});

test("ending a turn twice does not end somebody else's", async () => {
  const turns = new Turns();
  const first = (await turns.take(1_000))!;
  const second = turns.take(1_000);
  first();
  first();
  const end = (await second) as EndTurn;
  expect(await turns.take(10)).toBeNull();
  end();
  expect(await turns.take(10)).not.toBeNull();
});
