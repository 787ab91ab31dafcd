import type { z } from "zod";

import type { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError } from "../../../contracts/errors.ts";

export type Upload = z.output<typeof ENDPOINTS.putScript.body>;

/** The files of an upload, which comes as `files` or as a single `source`. Throws `invalid` for both or neither. */
export function filesOf({ files, source }: Upload): Record<string, string> {
  if (files !== undefined && source === undefined) return files;
  if (source !== undefined && files === undefined) return { "index.ts": source };
  const reason = files === undefined ? "is missing; give files or source" : "cannot be given together with source";
  throw new PlatformError("invalid", `The upload is not valid: files ${reason}.`, {
    issues: [{ field: "files", reason }],
  });
}
