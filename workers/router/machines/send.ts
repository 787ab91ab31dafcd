import { PlatformError } from "../../../contracts/errors.ts";
import { MACHINE_ANSWER_MS, TENANT_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import type { ProjectedMachine } from "../../../contracts/machines.ts";
import { tooLarge } from "../dispatch/body-limit.ts";
import { EXPIRED, wallClock } from "../dispatch/wall-clock.ts";
import type { RouterEnv } from "../env.ts";
import { isUnder } from "../resolve/own-domain.ts";
import type { MachineBody } from "./body.ts";

/** Where a machine is: by a way that reaches what its driver may name, and nothing else. */
type Ways = Pick<RouterEnv, "MACHINES" | "INTERNET" | "WALL_CLOCK">;

/** A request that is ready to go to a machine. */
export interface Outgoing {
  url: string;
  method: string;
  headers: Headers;
  body: MachineBody;
}

/** Methods that a machine may be asked by twice (RFC 9110, 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Sends a request to a machine and answers what it answers, as it comes. Where the connection fails before an answer, one
 * that is safe and has no body is sent once more, for a kept connection may have been closed at the other end.
 *
 * @throws PlatformError `unavailable` when the machine cannot be reached or makes no sense, `timeout` when it begins no
 *   answer in time, `too_large` when the body runs over.
 */
export async function sendToMachine(
  outgoing: Outgoing,
  machine: ProjectedMachine,
  env: Ways,
  answerMs: number = MACHINE_ANSWER_MS,
): Promise<Response> {
  const controller = new AbortController();
  const patience = env.WALL_CLOCK === "visited" ? wallClock.visited(answerMs, Date.now()) : wallClock.timed(answerMs);
  try {
    const answer = await Promise.race([sendTwice(outgoing, machine, env, controller.signal), patience.expired]);
    if (answer !== EXPIRED) return answer;
    controller.abort();
    throw new PlatformError("timeout", `This org's machine began no answer within ${answerMs / 1_000} s.`, {
      reason: "machine",
    });
  } finally {
    patience.end();
  }
}

async function sendTwice(
  outgoing: Outgoing,
  machine: ProjectedMachine,
  env: Ways,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await send(outgoing, machine, env, signal);
  } catch (error) {
    if (outgoing.body.exceeded()) throw tooLarge(TENANT_BODY_BYTES_MAX);
    if (signal.aborted || outgoing.body.stream !== null || !SAFE.has(outgoing.method)) throw unreachable(error);
  }
  return send(outgoing, machine, env, signal).catch((error: unknown) => {
    throw unreachable(error);
  });
}

function send(
  { url, method, headers, body }: Outgoing,
  { network }: ProjectedMachine,
  { MACHINES, INTERNET }: Ways,
  signal: AbortSignal,
): Promise<Response> {
  const way = network === "host" ? MACHINES : INTERNET;
  const init = { method, headers, body: body.stream, redirect: "manual" as const, signal };
  // On Cloudflare the global `fetch` is the way to both; past its cache, which all orgs would share.
  return way === undefined ? fetch(url, { ...init, cache: "no-store" }) : way.fetch(url, init);
}

/** Nothing of where the machine is, or of how it was asked, is a stranger's to know. */
function unreachable(cause: unknown): PlatformError {
  const error = new PlatformError(
    "unavailable",
    "This org's machine does not answer right now, or not in a way that makes sense. Try again in a moment.",
    { reason: "machine", retryAfterS: 1 },
  );
  error.cause = cause;
  return error;
}

/**
 * Whether a machine's address leads back to the platform itself, which would ask itself for ever. Those that the
 * platform's own configuration made do not.
 */
export function leadsHome(
  machine: ProjectedMachine & { origin: string },
  hostname: string,
  env: Pick<RouterEnv, "DOMAIN" | "APP_HOST">,
): boolean {
  if (machine.network === "host") return false;
  let at = hosts.get(machine);
  if (at === undefined) {
    at = URL.canParse(machine.origin) ? new URL(machine.origin).hostname.replace(/\.$/, "") : env.APP_HOST;
    hosts.set(machine, at);
  }
  return at === hostname || isUnder(at, env.DOMAIN) || isUnder(at, env.APP_HOST);
}

/** Hosts of the machines' addresses, read once. */
const hosts = new WeakMap<ProjectedMachine, string>();
