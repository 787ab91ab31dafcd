import * as z from "zod";

import { SOURCE_MAP_BYTES_MAX } from "../../../contracts/limits.ts";
import { refuseOne, refuseSize } from "./issues.ts";
import { walkMappings } from "./mappings.ts";

/** A source map of version 3 for one generated file; maps in sections are not among what bundlers write for one. */
export const sourceMapSchema = z.object({
  version: z.literal(3),
  file: z.string().max(1_000).nullish(),
  sourceRoot: z.string().max(1_000).nullish(),
  sources: z.array(z.string().max(1_000).nullable()).max(20_000),
  sourcesContent: z.array(z.string().nullable()).max(20_000).nullish(),
  names: z.array(z.string()).max(500_000).default([]),
  mappings: z.string(),
});

/** Checks an uploaded source map and returns it as it is kept. Refuses what no reader could use. */
export function readSourceMap(text: string): string {
  const bytes = text.length > SOURCE_MAP_BYTES_MAX ? text.length : new TextEncoder().encode(text).byteLength;
  if (bytes > SOURCE_MAP_BYTES_MAX) {
    refuseSize("The source map has", SOURCE_MAP_BYTES_MAX, bytes, "Leave sourcesContent out of it.");
  }
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\)\]\}'[^\n]*\n/, ""));
  } catch {
    return refuseOne("its source map is not JSON. Send the text of the .map file, or none.");
  }
  const parsed = sourceMapSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuseOne(`its source map is not one of version 3: ${issue?.path.map(String).join(".")} ${issue?.message}.`);
  }
  const { data } = parsed;
  if (!isReadable(data))
    return refuseOne("its source map has mappings that cannot be read. Build it again, or send none.");
  return JSON.stringify(data);
}

function isReadable({ mappings, sources, names }: z.infer<typeof sourceMapSchema>): boolean {
  let sound = true;
  const whole = walkMappings(mappings, ({ generatedColumn, source, line, column, name }) => {
    sound =
      generatedColumn >= 0 &&
      line >= 0 &&
      column >= 0 &&
      (source === null || (source >= 0 && source < sources.length)) &&
      (name === null || (name >= 0 && name < names.length));
    return !sound;
  });
  return whole && sound;
}
