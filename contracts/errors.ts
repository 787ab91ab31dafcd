import * as z from "zod";

/** The closed list of error codes and the HTTP status each one is answered with. */
export const ERROR_STATUS = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  over_quota: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unsupported_media_type: 415,
  invalid: 422,
  too_many_requests: 429,
  internal: 500,
  script_error: 502,
  unavailable: 503,
  timeout: 504,
  over_budget: 507,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;
export const ERROR_CODES = Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]];

/** One reason inside an `invalid` error: where and what. */
export const issueSchema = z.object({
  field: z.string().optional(),
  file: z.string().optional(),
  line: z.number().int().optional(),
  column: z.number().int().optional(),
  reason: z.string(),
});
export type Issue = z.infer<typeof issueSchema>;

/** What every failed call answers with. */
export const errorBodySchema = z.object({
  error: z.object({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
    requestId: z.string(),
  }),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

export type ErrorDetails = Record<string, unknown>;

/**
 * The one error the platform throws on purpose. `code` and `details` survive RPC between
 * Workers while the class does not, so readers ask {@link platformErrorOf}, never `instanceof`.
 */
export class PlatformError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = "PlatformError";
    this.code = code;
    this.details = details;
  }
}

/** Reads a platform error out of anything thrown, near or far; null when it is a bug and not a refusal. */
export function platformErrorOf(thrown: unknown): PlatformError | null {
  if (thrown instanceof PlatformError) return thrown;
  if (typeof thrown !== "object" || thrown === null) return null;
  const { code, message, details } = thrown as { code?: unknown; message?: unknown; details?: unknown };
  if (typeof code !== "string" || !Object.hasOwn(ERROR_STATUS, code)) return null;
  const plain = typeof details === "object" && details !== null ? (details as ErrorDetails) : {};
  return new PlatformError(code as ErrorCode, typeof message === "string" ? message : code, plain);
}

/** The response body for an error. */
export function errorBody(error: PlatformError, requestId: string): ErrorBody {
  return { error: { code: error.code, message: error.message, details: error.details, requestId } };
}

/** Turns a failed zod parse into one `invalid` error that names each field and its reason. */
export function invalidFrom(error: z.ZodError, what: string): PlatformError {
  const issues: Issue[] = error.issues.slice(0, 20).map((issue) => ({
    field: issue.path.map(String).join("."),
    reason: issue.message,
  }));
  const first = issues[0];
  const hint = first === undefined ? "" : `: ${first.field ? `${first.field} ` : ""}${first.reason}`;
  return new PlatformError("invalid", `The ${what} is not valid${hint}`, { issues });
}
