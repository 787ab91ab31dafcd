import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

const FILE = resolve(import.meta.dirname, "../../contracts/limits.ts");
const KIB = 1024;
const MIB = KIB * KIB;

/** One bound: its name, what its comment says, and its value in words. */
export interface Bound {
  name: string;
  what: string;
  value: string;
}

/** A number of bytes in the largest unit that says it exactly. */
export function inBytes(bytes: number): string {
  if (bytes !== 0 && bytes % MIB === 0) return `${grouped(bytes / MIB)} MiB`;
  if (bytes !== 0 && bytes % KIB === 0) return `${grouped(bytes / KIB)} KiB`;
  return grouped(bytes);
}

/** A whole number with its thousands apart. */
export const grouped = (value: number): string => value.toLocaleString("en-US");

function inWords(name: string, value: number): string {
  if (/BYTES/.test(name)) return inBytes(value);
  if (/_MS(?:_|$)/.test(name)) return `${grouped(value)} ms`;
  if (name.endsWith("_S")) return `${grouped(value)} s`;
  return grouped(value);
}

/** Every bound of `contracts/limits.ts`, in its order. A comment may stand for several that follow it. */
export async function readBounds(): Promise<Bound[]> {
  const values = (await import("../../contracts/limits.ts")) as Record<string, unknown>;
  const bounds: Bound[] = [];
  let what = "";
  for (const [, comment, name] of (await readFile(FILE, "utf8")).matchAll(/\/\*\*(.*?)\*\/|^export const (\w+)/gms)) {
    if (comment !== undefined)
      what = comment
        .replaceAll(/\s*\n\s*\*?\s*/g, " ")
        .replaceAll(/ \([A-Z][0-9]+\)/g, "")
        .trim();
    const value = name === undefined ? undefined : values[name];
    if (name !== undefined && typeof value === "number") bounds.push({ name, what, value: inWords(name, value) });
  }
  return bounds;
}
