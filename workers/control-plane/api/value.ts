import { isFiniteThroughout } from "../../../contracts/data/filter-value.ts";
import { valueTextOf } from "../../../contracts/data/value.ts";
import { PlatformError } from "../../../contracts/errors.ts";

/**
 * The JSON text of a value that a caller sent, to be kept as it was meant.
 *
 * @param what how messages call it.
 * @throws PlatformError `too_large` over the bytes; `invalid` for what is missing, too deep, or has a number beyond
 * those of JavaScript, which would be kept as null.
 */
export function bodyValueText(value: unknown, what: string, bytesMax?: number): string {
  const text = valueTextOf(value, what, bytesMax);
  if (isFiniteThroughout(value)) return text;
  const reason = "has a number that is too big";
  throw new PlatformError("invalid", `The ${what} ${reason}. Send it as text.`, { issues: [{ field: what, reason }] });
}
