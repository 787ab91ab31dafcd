import { type ErrorCode, PlatformError } from "../../../contracts/errors.ts";
import { MACHINE_FAILURE_LINES_MAX } from "../../../contracts/limits.ts";
import type { Driver, Plan } from "./driver.ts";
import { ProviderError, type ProviderErrorCode } from "./provider-error.ts";

/** What is kept of a failure beside a machine. */
export interface KeptError {
  code: string;
  message: string;
  lines?: string[];
}

const CODES: Partial<Record<ProviderErrorCode, ErrorCode>> = { not_found: "not_found", refused: "conflict" };

/** What a failure of a provider is to who asked; anything else is passed on. */
export function refusalOfProvider(error: unknown): unknown {
  if (!(error instanceof ProviderError)) return error;
  const { code, message, retryAfterMs } = error;
  const wait = retryAfterMs === null ? {} : { retryAfterSeconds: retryAfterMs / 1000 };
  return new PlatformError(CODES[code] ?? "unavailable", message, { reason: code, ...wait });
}

/** What is kept of it. */
export function keptError({ code, message, lines }: ProviderError): KeptError {
  return { code, message, ...(lines.length === 0 ? {} : { lines: lines.slice(-MACHINE_FAILURE_LINES_MAX) }) };
}

/** A failure with the machine's last lines, where its provider still has them. */
export async function withLastLines(driver: Driver, plan: Plan, error: KeptError): Promise<KeptError> {
  try {
    const lines = await driver.logs(plan, MACHINE_FAILURE_LINES_MAX);
    return lines.length === 0 ? error : { ...error, lines: lines.map(({ text }) => text) };
  } catch {
    return error;
  }
}
