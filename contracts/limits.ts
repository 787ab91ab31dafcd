/** Every bound of the platform, by name and with its unit. A bound that is not here does not exist. */

/** Longest slug, in characters (T2). */
export const SLUG_LENGTH_MAX = 40;
/** Longest host name a request may carry, in characters, port excluded (RFC 1035). */
export const HOST_LENGTH_MAX = 253;
/** Longest route path pattern, in characters. */
export const ROUTE_PATH_LENGTH_MAX = 512;
/** Most segments in a route path pattern. */
export const ROUTE_SEGMENTS_MAX = 32;
/** Most routes of one org. */
export const ROUTES_PER_ORG_MAX = 1_000;
/** Most scripts of one org. */
export const SCRIPTS_PER_ORG_MAX = 1_000;
/** Versions kept for one script; the oldest that is not live goes first. */
export const VERSIONS_PER_SCRIPT_MAX = 100;
/** Longest script name, in characters. */
export const SCRIPT_NAME_LENGTH_MAX = 64;
/** Longest free text (names, descriptions, messages), in characters. */
export const TEXT_LENGTH_MAX = 500;
/** All files of one version together, in bytes of UTF-8. */
export const SOURCE_BYTES_MAX = 4 * 1024 * 1024;
/** Source map of one version, in bytes. */
export const SOURCE_MAP_BYTES_MAX = 8 * 1024 * 1024;
/** Files of one version. */
export const FILES_PER_VERSION_MAX = 200;
/** Longest path of a file in a version, in characters. */
export const FILE_PATH_LENGTH_MAX = 200;
/** Body of one control-plane request, in bytes. */
export const API_BODY_BYTES_MAX = 16 * 1024 * 1024;
/** Body of one request to a tenant, in bytes (S7). */
export const TENANT_BODY_BYTES_MAX = 10 * 1024 * 1024;
/** Response body that a test invoke carries back, in bytes. */
export const INVOKE_RESPONSE_BYTES_MAX = 1024 * 1024;
/** Time a script has to begin its answer, in milliseconds. */
export const WALL_CLOCK_MS = 10_000;
/** Console lines kept of one execution. */
export const LOG_LINES_PER_EXECUTION_MAX = 200;
/** One console line, in characters. */
export const LOG_LINE_LENGTH_MAX = 4_096;
/** Records an edge holds before the log takes them; more are counted and dropped. */
export const LOG_BUFFER_RECORDS_MAX = 20_000;
/** Pause between two deliveries of the log, in milliseconds. */
export const LOG_FLUSH_INTERVAL_MS = 100;
/** Executions kept per org: age in milliseconds. */
export const LOG_RETENTION_MS = 7 * 24 * 60 * 60 * 1000;
/** Executions kept per org: bytes of stored records. */
export const LOG_RETENTION_BYTES = 64 * 1024 * 1024;
/** How long an edge trusts a projection without asking again, in milliseconds. */
export const PROJECTION_FRESH_MS = 1_000;
/** How long an unknown host stays unknown, in milliseconds (T1). */
export const NEGATIVE_FRESH_MS = 1_000;
/** Hosts an edge remembers at once. */
export const HOST_CACHE_ENTRIES_MAX = 10_000;
/** Deadline of one call to the state process, in milliseconds. */
export const STATE_CALL_MS = 5_000;
/** Deadline of a projection refresh while a stale one is at hand, in milliseconds. */
export const PROJECTION_REFRESH_MS = 250;
/** Items in one page of a list. */
export const PAGE_SIZE_MAX = 100;
/** Items in one page when nobody says otherwise. */
export const PAGE_SIZE_DEFAULT = 50;
/** Life of an idempotency key, in milliseconds. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;
/** API keys of one user. */
export const KEYS_PER_USER_MAX = 100;
/** Orgs one user may own while there are no plans. */
export const ORGS_PER_USER_MAX = 10_000;
