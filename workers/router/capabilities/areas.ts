import type { Area } from "./area.ts";
import { invoke } from "./invoke.ts";

/** Every area of what the platform gives to scripts, by name. */
export const AREAS: ReadonlyMap<string, Area> = new Map([["invoke", invoke]]);
