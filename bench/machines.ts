import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

import { AT_HOME, enrolOwnMachine } from "../test/support/own-machine.ts";
import { startPlatform } from "../test/support/platform.ts";
import type { Suite } from "./main.ts";
import { load, loadGenerator, type LoadTarget } from "./support/load.ts";
import { unloaded } from "./support/unloaded.ts";
import { median, percentile, round } from "./support/stats.ts";

/** A machine's whole program: under `/hello` the least that Node can answer, elsewhere a list as an application makes one. */
const MACHINE = `const items = Array.from({ length: 100 }, (_, id) => ({ id, name: "thing " + id, tags: ["a", "b"], price: id * 1.1 }));
require("node:http").createServer((request, response) => {
  if (request.url === "/hello") return response.end("hello");
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ at: Date.now(), items: items.map((item) => ({ ...item, href: "/things/" + item.id })) }));
})
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
        const at = (path: string): { direct: LoadTarget; through: LoadTarget } => ({
          direct: { port, host: "127.0.0.1", path },
          through: { port: platform.port, host: `shop.localhost:${platform.port}`, path },
        });
        const [list, hello] = [at("/"), at("/hello")];
        for (const target of [list.direct, list.through]) await load(target, 1);
        const directMs: number[] = [];
        const throughMs: number[] = [];
        const lists: Round[] = [];
        const hellos: Round[] = [];
        for (let count = 0; count < ROUNDS; count++) {
          directMs.push(...(await unloaded(hello.direct, EACH)));
          throughMs.push(...(await unloaded(hello.through, EACH)));
          lists.push({ direct: await rateOf(list.direct), through: await rateOf(list.through) });
          hellos.push({ direct: await rateOf(hello.direct), through: await rateOf(hello.through) });
        }
        const figures = {
          proxyAddedP50Ms: round(percentile(throughMs, 0.5) - percentile(directMs, 0.5), 2),
          proxyAddedP99Ms: round(percentile(throughMs, 0.99) - percentile(directMs, 0.99), 2),
          proxyRatio: ratioOf(lists),
          proxyHelloRatio: ratioOf(hellos),
          directRequestsPerSecond: Math.round(median(lists.map(({ direct }) => direct))),
          directHelloRequestsPerSecond: Math.round(median(hellos.map(({ direct }) => direct))),
        };
        report(`adds ${figures.proxyAddedP50Ms} ms at p50, ${figures.proxyAddedP99Ms} ms at p99`);
        report(`a list: ${figures.proxyRatio} of direct; hello: ${figures.proxyHelloRatio} of direct`);
        return { loadGenerator, ...figures };
      } finally {
        await platform.dispose();
      }
    } finally {
      machine.kill();
    }
  },
};

/** Requests a second. */
interface Round {
  direct: number;
  through: number;
}

const ratioOf = (rounds: readonly Round[]): number =>
  round(median(rounds.map(({ direct, through }) => through / direct)), 3);

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
