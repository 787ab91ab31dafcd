import { edgesOf } from "../../test/support/processes.ts";
import type { Stage } from "./stage.ts";
import { neighboursHarm } from "./vault.ts";

/** How the platform came through one hostile run. */
export interface Survived {
  /** Edges that died of it. */
  died: number;
  harm: string | null;
  /** How long a neighbour waited just behind, in milliseconds. */
  waitedMs: number;
  /** What the attacker was answered; null when the connection broke or was given up. */
  status: number | null;
}

/** Longest that the attacker is waited for, in milliseconds; whoever hangs up sooner may save the edge. */
const PATIENCE_MS = 4_000;
/** Longest that a neighbour may wait behind a run that is stopped by itself, in milliseconds. */
const WAIT_MS_MAX = 900;
/** The same where an edge has to be replaced, in milliseconds. */
const RECOVERY_MS_MAX = 2_500;

async function strike(stage: Stage, source: string): Promise<Survived> {
  const launcher = stage.platform.process.pid ?? 0;
  const script = stage.nonce();
  await stage.deploy(stage.attacker, script, { files: { "index.js": source }, limits: {} });
  const before = edgesOf(launcher);
  const blow = stage.run(stage.attacker, script, "/", { timeoutMs: PATIENCE_MS }).catch(() => null);
  const began = performance.now();
  // One whose connection had been taken by the edge that went down tries again, as any client does.
  const ask = () => neighboursHarm(stage);
  const harm = await ask().catch(ask).catch(String);
  const waitedMs = performance.now() - began;
  const answer = await blow;
  const after = new Set(edgesOf(launcher));
  const died = before.filter((pid) => !after.has(pid)).length;
  return { died, harm, waitedMs, status: answer?.status ?? null };
}

/** Runs each source once, one after the other, with a neighbour's request just behind it. */
export async function strikeAll(stage: Stage, sources: Record<string, string>): Promise<Map<string, Survived>> {
  const seen = new Map<string, Survived>();
  for (const [name, source] of Object.entries(sources)) seen.set(name, await strike(stage, source));
  return seen;
}

const waited = (waitedMs: number, maxMs: number): string | null =>
  waitedMs > maxMs ? `a neighbour waited ${Math.round(waitedMs)} ms` : null;

/** For what has to be stopped without an edge being lost. Throws where the attacker was held back: then nothing was tried. */
export function survivedUnharmed({ died, harm, waitedMs, status }: Survived): string | null {
  if (died > 0) return `${died} edges died`;
  if (status === 503) throw new Error("The attacker was held back for what it did before.");
  return harm ?? waited(waitedMs, WAIT_MS_MAX);
}

/** For what only the end of a process stops. */
export const survivedHang = ({ harm, waitedMs }: Survived): string | null => harm ?? waited(waitedMs, RECOVERY_MS_MAX);
