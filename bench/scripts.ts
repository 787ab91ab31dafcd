import type { Suite } from "./main.ts";
import { measureInstrumentation } from "./scripts/instrument.ts";
import { measureNeighbours } from "./scripts/neighbours.ts";

/** What it costs to keep scripts within their limits, and what a neighbour notices of those that do harm. */
export const suite: Suite = {
  summary: "the cost of counting processor time, and a tenant under steady load beside every known attack",
  async run(report) {
    const instrumentation = await measureInstrumentation();
    const neighbours = await measureNeighbours(report);
    return { ...instrumentation, ...neighbours };
  },
};
