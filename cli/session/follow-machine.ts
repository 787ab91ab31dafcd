import { setTimeout as wait } from "node:timers/promises";

import type { z } from "zod";

import type { machineProgress } from "../../contracts/api/machines.ts";
import { PlatformError, platformErrorOf } from "../../contracts/errors.ts";
import { PROVISION_MS } from "../../contracts/limits.ts";
import type { Result } from "../framework/command.ts";
import type { Host } from "../framework/host.ts";
import { clean, paintFor } from "../framework/text.ts";
import { failureText, type OrgMachine, stepText } from "./machine-text.ts";
import type { Workplace } from "./workplace.ts";

type Told = Exclude<z.output<(typeof machineProgress)["response"]>, { type: "ping" }>;

/** Pause before a stream that broke is opened again, in milliseconds. */
const AGAIN_MS = 500;
/** How much longer than a provision may take a follower waits, in milliseconds. */
const GRACE_MS = 60_000;

/** The option of every command that sets a machine going. */
export const WAIT_OPTION = { type: "boolean", about: "do not wait until it stands" } as const;

/**
 * Follows a machine until nothing more changes. A stream that breaks is opened again: what happened meanwhile is in its
 * first event.
 *
 * @param shows whether a person waits for its provision, and sees each step as it happens, on standard error
 * @throws PlatformError `timeout` when it takes longer than the platform lets it.
 */
export async function followMachine({ client, slug }: Workplace, host: Host, shows: boolean): Promise<Told> {
  const paint = paintFor(host.errIsTerminal, host.env);
  const shown = new Map<string, string>();
  const until = Date.now() + PROVISION_MS + GRACE_MS;
  while (Date.now() < until) {
    try {
      for await (const told of await client.machineProgress({ params: { slug } })) {
        if (told.type === "ping") continue;
        if (shows) for (const line of newLines(told, shown)) host.err(`${line}\n`);
        if (told.type === "end") return told;
      }
    } catch (error) {
      const code = platformErrorOf(error)?.code;
      // A refusal will not change; a broken connection will.
      if (code !== undefined && code !== "unavailable" && code !== "timeout") throw error;
    }
    await wait(AGAIN_MS);
  }
  throw new PlatformError(
    "timeout",
    `${slug} is still not ready. \`isola machines get --org ${slug}\` shows how far it is.`,
  );

  function newLines({ provision }: OrgMachine, known: Map<string, string>): string[] {
    if (provision === null) return [];
    return provision.steps.flatMap((step) => {
      const key = `${provision.id}/${step.step}`;
      const text = stepText(step, paint);
      if (step.state === "waiting" || known.get(key) === text) return [];
      known.set(key, text);
      return [text];
    });
  }
}

/** How it ended, for the command that set it going. */
export function endOf(told: Told, slug: string, url: string | null): Result {
  const { state, machine, provision } = told;
  const failed = machine?.state === "failed" || (provision?.state === "failed" && machine === null);
  if (failed) {
    const why = failureText(machine?.error ?? provision?.error ?? null);
    const next = `\`isola machines retry --org ${slug}\` tries again; \`isola machines get --org ${slug}\` shows more.`;
    return {
      json: told,
      text: `${slug} did not get its machine.${why === "" ? "" : `\n${why}`}`,
      notes: [next],
      failed,
    };
  }
  const where = url === null ? "" : ` at ${clean(url)}`;
  if (machine === null) return { json: told, text: `${slug} is ${state}, without a machine.` };
  return { json: told, text: `${slug} is ${state}${where}; its machine is ${machine.state}.` };
}
