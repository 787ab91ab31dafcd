import { UsageError } from "../framework/usage.ts";

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A length of time such as `500ms`, `30s`, `10m`, `2h` or `7d`, in milliseconds.
 * @throws UsageError that names the option.
 */
export function durationMs(text: string, option: string, command: string): number {
  const [, amount, unit] = /^([0-9]{1,7})(ms|[smhd])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new UsageError(`--${option} must be a time such as 30s, 10m, 2h or 7d, not "${text}".`, command);
  }
  return Number(amount) * (UNITS_MS[unit] ?? 0);
}
