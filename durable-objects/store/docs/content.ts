import { isFiniteThroughout } from "../../../contracts/data/filter-value.ts";
import { parseDocText, parseValueText, valueTextOf } from "../../../contracts/data/value.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { merged } from "./merge.ts";

export type Content = Record<string, unknown>;

/** What a document says, as it was read, and the JSON text that is kept of it. */
export interface NewContent {
  content: Content;
  value: string;
}

/**
 * The document of an id as it is to be kept: with its `id` first, and every name once.
 *
 * @throws PlatformError `invalid` for what is no JSON object, has another `id` or a number that is too big, and
 * `too_large` over the bytes of a document.
 */
export function newContent(id: string, text: string): NewContent {
  const content = parseDocText(text);
  checkNumbers(content);
  return withId(id, content);
}

/** The same for a document that is there, after a patch; both are JSON text. */
export function patchedContent(id: string, before: string, patchText: string): NewContent {
  const patch = parseValueText(patchText, "patch");
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) throw invalid("patch", "must be an object");
  checkNumbers(patch);
  checkId(id, patch as Content);
  return withId(id, merged(JSON.parse(before), patch) as Content);
}

function withId(id: string, content: Content): NewContent {
  checkId(id, content);
  const whole = { id, ...content };
  return { content: whole, value: valueTextOf(whole, "document") };
}

function checkId(id: string, content: Content): void {
  if (!Object.hasOwn(content, "id") || content["id"] === id) return;
  throw invalid("id", "in a document must be the id that it is written under, or left out");
}

/** Such a number would be written as null. */
function checkNumbers(content: unknown): void {
  if (!isFiniteThroughout(content)) throw invalid("document", "has a number that is too big");
}

const invalid = (field: string, reason: string): PlatformError =>
  new PlatformError("invalid", `The ${field} ${reason}.`, { issues: [{ field, reason }] });
