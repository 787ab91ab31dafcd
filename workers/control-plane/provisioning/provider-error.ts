/** Why a provider did not do what it was asked. */
export const PROVIDER_ERRORS = {
  /** Its answer did not come in time, or not at all: what was asked may have happened. */
  unreachable: { retry: true },
  /** It answered that it is in trouble itself. */
  unavailable: { retry: true },
  /** Asked too often; see `retryAfterMs`. */
  rate_limited: { retry: true },
  /** No room where it was to be made; another region may have. */
  no_capacity: { retry: false },
  /** The account may not have more. */
  quota: { retry: false },
  /** The credentials are not good, or not any more. */
  unauthorized: { retry: false },
  /** The name is another's. */
  name_taken: { retry: false },
  /** There is no such thing, for sure. */
  not_found: { retry: false },
  no_image: { retry: false },
  /** The machine ended by itself; see `lines`. */
  exited: { retry: false },
  /** A volume that should hold data is empty or another one; nothing is started over it. */
  wrong_volume: { retry: false },
  /** It understood, and refused. */
  refused: { retry: false },
} as const satisfies Record<string, { retry: boolean }>;
export type ProviderErrorCode = keyof typeof PROVIDER_ERRORS;

export interface ProviderErrorDetails {
  retryAfterMs?: number;
  /** The machine's last lines. */
  lines?: string[];
  cause?: unknown;
}

/** The one error that drivers throw on purpose. Its message is for the org's people: no token, no address of the provider's inside. */
export class ProviderError extends Error {
  readonly code: ProviderErrorCode;
  readonly retryAfterMs: number | null;
  readonly lines: string[];

  constructor(code: ProviderErrorCode, message: string, details: ProviderErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "ProviderError";
    this.code = code;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.lines = details.lines ?? [];
  }

  /** Whether the same again may do. */
  get retry(): boolean {
    return PROVIDER_ERRORS[this.code].retry;
  }
}
