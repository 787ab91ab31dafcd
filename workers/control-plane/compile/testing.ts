import type { Issue } from "../../../contracts/errors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { compileUpload, type CompiledUpload, type Upload } from "./index.ts";

/** An upload written short: a text is `index.ts`. */
export type ShortUpload = string | (Partial<Upload> & Pick<Upload, "files">);

/** Compiles an endpoint. */
export function compile(upload: ShortUpload): Promise<CompiledUpload> {
  const files = typeof upload === "string" ? { files: { "index.ts": upload } } : upload;
  return compileUpload({ kind: "endpoint", ...files });
}

/** The reasons for which an upload is refused; fails when it is not, or not by a platform error. */
export async function refusal(upload: ShortUpload): Promise<{ error: PlatformError; issues: Issue[] }> {
  const outcome = await compile(upload).catch((error: unknown) => error);
  if (!(outcome instanceof PlatformError))
    throw new Error("It was not refused by a platform error.", { cause: outcome });
  return { error: outcome, issues: (outcome.details.issues as Issue[] | undefined) ?? [] };
}

/** The first reason, written as `file:line:column reason`. */
export async function firstReason(upload: ShortUpload): Promise<string> {
  const { issues } = await refusal(upload);
  const [issue] = issues;
  if (issue === undefined) throw new Error("It was refused without a reason.");
  return `${issue.file ?? ""}:${issue.line ?? ""}:${issue.column ?? ""} ${issue.reason}`;
}

/** A handler that answers, to go with files that are tested for something else. */
export const HANDLER = "export default { fetch() { return new Response('ok'); } };\n";
