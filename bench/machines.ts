import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

import { AT_HOME, enrolOwnMachine } from "../test/support/own-machine.ts";
import { startPlatform } from "../test/support/platform.ts";
import type { Suite } from "./main.ts";
import { load, loadGenerator, type LoadTarget } from "./support/load.ts";
import { unloaded } from "./support/unloaded.ts";
import { median, percentile, round } from "./support/stats.ts";

/** A machine's whole program: it answers as little as a program of node's own can. */
const MACHINE = `require("node:http").createServer((request, response) => response.end("hello"))
  .listen(0, "127.0.0.1", function () { process.stdout.write(this.address().port + "\\n"); });`;
const ROUNDS = 5;
const ROUND_SECONDS = 3;
const EACH = 400;

/** What it costs a machine's answer to come through the platform. */
export const suite: Suite = {
  summary: "a machine of its own process, asked directly and through the edges, in turn",
  async run(report) {
    report(`load by ${loadGenerator}, 32 connections, ${ROUNDS} rounds of ${ROUND_SECONDS} s in turn`);
    const machine = spawn(process.execPath, ["-e", MACHINE], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const port = await portOf(machine);
      const platform = await startPlatform({ env: AT_HOME });
      try {
        await enrolOwnMachine(platform, "shop", `http://127.0.0.1:${port}`);
        const direct: LoadTarget = { port, host: "127.0.0.1", path: "/" };
        const through: LoadTarget = { port: platform.port, host: `shop.localhost:${platform.port}`, path: "/" };
        for (const target of [direct, through]) await load(target, 1);
        const rounds: { direct: number; through: number; directMs: number[]; throughMs: number[] }[] = [];
        for (let count = 0; count < ROUNDS; count++) {
          rounds.push({
            directMs: await unloaded(direct, EACH),
            throughMs: await unloaded(through, EACH),
            direct: await rateOf(direct),
            through: await rateOf(through),
          });
        }
        const directMs = rounds.flatMap((each) => each.directMs);
        const throughMs = rounds.flatMap((each) => each.throughMs);
        const ratios = rounds.map((each) => each.through / each.direct);
        const figures = {
          proxyAddedP50Ms: round(percentile(throughMs, 0.5) - percentile(directMs, 0.5), 2),
          proxyAddedP99Ms: round(percentile(throughMs, 0.99) - percentile(directMs, 0.99), 2),
          proxyRatio: round(median(ratios), 3),
          directRequestsPerSecond: Math.round(median(rounds.map((each) => each.direct))),
          proxiedRequestsPerSecond: Math.round(median(rounds.map((each) => each.through))),
        };
        report(`adds ${figures.proxyAddedP50Ms} ms at p50, ${figures.proxyAddedP99Ms} ms at p99`);
        report(`${figures.proxyRatio} of direct (rounds ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")})`);
        return { loadGenerator, ...figures };
      } finally {
        await platform.dispose();
      }
    } finally {
      machine.kill();
    }
  },
};

async function portOf(machine: ChildProcess): Promise<number> {
  if (machine.stdout === null) throw new Error("The machine says nothing.");
  const [line] = (await once(machine.stdout, "data")) as [Buffer];
  return Number(line);
}

async function rateOf(target: LoadTarget): Promise<number> {
  const { requestsPerSecond, failed } = await load(target, ROUND_SECONDS);
  if (failed > 0) throw new Error(`${failed} requests failed under load`);
  return requestsPerSecond;
}
