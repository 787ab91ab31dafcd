import { PlatformError } from "../errors.ts";
import { DATA_BATCH_BYTES_MAX, VALUE_BYTES_MAX, VALUE_DEPTH_MAX } from "../limits.ts";

const encoder = new TextEncoder();

/** Length of a text in bytes of UTF-8. */
export const utf8Length = (text: string): number => encoder.encode(text).byteLength;

/** Whether a text is longer than so many bytes of UTF-8; most texts are short enough that nothing has to be counted. */
export function isLongerThan(text: string, bytesMax: number): boolean {
  if (text.length * 3 <= bytesMax) return false;
  return text.length > bytesMax || utf8Length(text) > bytesMax;
}

/** Whether arrays and objects stand in one another deeper than that. A scalar is 0 deep. */
export function isDeeperThan(value: unknown, depthMax: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depthMax <= 0) return true;
  const inner: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return inner.some((each) => isDeeperThan(each, depthMax - 1));
}

/** What a number that is read as infinite looks like, and some others. */
const MAY_BE_INFINITE = /[eE]\+?[0-9]{3}|[0-9]{300}/;

/** JSON has no infinity, but a number such as 1e999 is read as one, and would be written as null. */
function hasInfinity(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasInfinity);
}

/**
 * Reads the JSON text of a value that is to be kept, and holds it to its bounds.
 *
 * @param what how messages call it.
 * @throws PlatformError `too_large` over the bytes, `invalid` for what is no JSON or too deep.
 */
export function parseValueText(text: string, what = "value", bytesMax: number = VALUE_BYTES_MAX): unknown {
  checkBytes(text, what, bytesMax);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(what, "must be JSON");
  }
  if (!text.isWellFormed()) throw invalid(what, "must be well-formed Unicode");
  checkDepth(value, what);
  if (MAY_BE_INFINITE.test(text) && hasInfinity(value)) throw invalid(what, "has a number that is too big");
  return value;
}

/**
 * The JSON text of a value that came as JSON, within its bounds; the other way round than {@link parseValueText}.
 *
 * @throws PlatformError `too_large` over the bytes, `invalid` for what is too deep.
 */
export function valueTextOf(value: unknown, what = "value", bytesMax: number = VALUE_BYTES_MAX): string {
  checkDepth(value, what);
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw invalid(what, "must be JSON");
  checkBytes(text, what, bytesMax);
  return text;
}

/** The same as {@link parseValueText} for a document, which is an object; its `id` is text or left out. */
export function parseDocText(text: string): Record<string, unknown> {
  const value = parseValueText(text, "document");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("document", "must be an object");
  }
  return value as Record<string, unknown>;
}

/** Throws `too_large` when the values of one call are more than a call may carry. */
export function checkBatchBytes(texts: readonly string[]): void {
  let bytes = 0;
  for (const text of texts) bytes += utf8Length(text);
  if (bytes <= DATA_BATCH_BYTES_MAX) return;
  throw new PlatformError(
    "too_large",
    `One call carries at most ${DATA_BATCH_BYTES_MAX} bytes of values. Use several.`,
    {
      limitBytes: DATA_BATCH_BYTES_MAX,
    },
  );
}

function checkBytes(text: string, what: string, bytesMax: number): void {
  if (!isLongerThan(text, bytesMax)) return;
  throw new PlatformError("too_large", `The ${what} is over ${bytesMax} bytes of JSON. Store less, or in parts.`, {
    limitBytes: bytesMax,
  });
}

function checkDepth(value: unknown, what: string): void {
  if (isDeeperThan(value, VALUE_DEPTH_MAX)) throw invalid(what, `must not be more than ${VALUE_DEPTH_MAX} levels deep`);
}

const invalid = (what: string, reason: string): PlatformError =>
  new PlatformError("invalid", `The ${what} ${reason}.`, { issues: [{ field: what, reason }] });
