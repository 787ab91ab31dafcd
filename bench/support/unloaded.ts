import { Agent } from "node:http";

import { request } from "../../test/support/request.ts";
import type { LoadTarget } from "./load.ts";

/** How long each of so many requests takes, one after the other over one kept connection, in milliseconds. */
export async function unloaded(target: LoadTarget, amount: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  try {
    for (let index = 0; index < amount; index++) {
      const began = performance.now();
      const { status } = await request({ port: target.port, path: target.path, headers: { host: target.host }, agent });
      times.push(performance.now() - began);
      if (status !== 200) throw new Error(`a request was answered ${status}`);
    }
  } finally {
    agent.destroy();
  }
  return times;
}
