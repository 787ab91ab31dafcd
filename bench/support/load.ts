import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

import autocannon from "autocannon";

const run = promisify(execFile);

/** What a load came to. */
export interface Load {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Requests answered. */
  completed: number;
  /** Resets, time-outs and answers other than 2xx. */
  failed: number;
}

export interface LoadTarget {
  port: number;
  /** Value of the Host header. */
  host: string;
  path: string;
  /** Value of the Cookie header, where there is one. */
  cookie?: string;
}

const CONNECTIONS = 32;

/** The load generator at hand: wrk where it is installed, because it leaves more of the machine to what is measured. */
export const loadGenerator: "wrk" | "autocannon" = spawnSync("wrk", ["-v"]).error === undefined ? "wrk" : "autocannon";

/** Loads a target with 32 kept-alive connections for some seconds. */
export function load(target: LoadTarget, seconds: number): Promise<Load> {
  return loadGenerator === "wrk" ? withWrk(target, seconds) : withAutocannon(target, { duration: seconds });
}

/** Sends exactly so many requests over 32 connections. */
export const loadExactly = (target: LoadTarget, amount: number): Promise<Load> => withAutocannon(target, { amount });

async function withWrk(target: LoadTarget, seconds: number): Promise<Load> {
  const url = `http://127.0.0.1:${target.port}${target.path}`;
  const headers = ["-H", `Host: ${target.host}`];
  if (target.cookie !== undefined) headers.push("-H", `Cookie: ${target.cookie}`);
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency", ...headers, url];
  const { stdout } = await run("wrk", args);
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? 0);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1) ?? [];
  return {
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: milliseconds(/^\s+50%\s+(\S+)/m.exec(stdout)?.[1]),
    p99Ms: milliseconds(/^\s+99%\s+(\S+)/m.exec(stdout)?.[1]),
    completed: number(/(\d+) requests in/),
    failed: number(/Non-2xx or 3xx responses: (\d+)/) + errors.reduce((sum, count) => sum + Number(count), 0),
  };
}

function milliseconds(text: string | undefined): number {
  const match = /^([\d.]+)(us|ms|s)$/.exec(text ?? "");
  if (match === null) throw new Error(`wrk printed a time that is none: ${text}`);
  const scale = { us: 0.001, ms: 1, s: 1000 }[match[2] as "us" | "ms" | "s"];
  return Number(match[1]) * scale;
}

async function withAutocannon(target: LoadTarget, bound: { duration: number } | { amount: number }): Promise<Load> {
  const result = await autocannon({
    url: `http://127.0.0.1:${target.port}${target.path}`,
    headers: { host: target.host, ...(target.cookie === undefined ? {} : { cookie: target.cookie }) },
    connections: CONNECTIONS,
    ...bound,
  });
  return {
    requestsPerSecond: result.requests.average,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    completed: result.requests.total,
    failed: result.non2xx + result.errors + result.timeouts,
  };
}
