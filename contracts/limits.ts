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
/** Console lines kept of one execution at most. */
export const LOG_LINES_PER_EXECUTION_MAX = 200;
/** Runs of one org at once on one edge; more are refused with 503 (S8). */
export const CONCURRENCY_PER_ORG_MAX = 100;
/** Most that a platform may raise that bound to for one org. */
export const CONCURRENCY_PER_ORG_CEILING = 1_000;
/** How long after its answer a run may still use what it was given (`waitUntil`), in milliseconds. */
export const WAIT_UNTIL_MS = 30_000;
/** Turns of loops and calls of functions in which a script's modules load; there is no clock while they do. */
export const STARTUP_TICKS_MAX = 2_000_000;
/** Modules that may import one another in a row (S9). */
export const MODULE_DEPTH_MAX = 8;
/** Modules of its org that one version may import by name. */
export const MODULE_IMPORTS_MAX = 50;
/** Names that a module exports, and names taken from one module, together, in characters. */
export const MODULE_NAMES_LENGTH_MAX = 64 * 1024;
/** A script's code with that of all modules it depends on, in bytes; Cloudflare's KV refuses values over 25 MiB. */
export const LINKED_CODE_BYTES_MAX = 16 * 1024 * 1024;
/** How long code stays published for edges that do not know yet that it is linked anew, in milliseconds. */
export const LINKED_CODE_GRACE_MS = 60_000;
/** A file shown in a comparison of versions, in characters. */
export const DIFF_FILE_LENGTH_MAX = 512 * 1024;
/** Lines that may differ in a file for the difference to be worked out, and in all files of one comparison. */
export const DIFF_EDITS_PER_FILE_MAX = 2_000;
export const DIFF_EDITS_MAX = 10_000;
/** All the differences in one comparison, in characters. */
export const DIFF_LENGTH_MAX = 4 * 1024 * 1024;
/** Names in an org's list of hosts that scripts may or may not reach. */
export const EGRESS_LIST_LENGTH_MAX = 200;
/** Body that one request through `fetch` may bring in, unpacked, in bytes. */
export const EGRESS_RESPONSE_BYTES_MAX = 64 * 1024 * 1024;
/** Body of a request or a response that a record keeps, in bytes. */
export const LOG_BODY_BYTES_MAX = 16 * 1024;
/** Successful runs of one org whose heads and bodies one edge records in a second; those of failures are always recorded. */
export const LOG_HEADS_PER_SECOND_MAX = 200;
/** Headers of one head that a record keeps, in characters. */
export const LOG_HEADERS_LENGTH_MAX = 8 * 1024;
/** Payload of one invocation of a script by another, in characters of JSON. */
export const INVOKE_PAYLOAD_LENGTH_MAX = 1024 * 1024;
/** Live tails of one org at once. */
export const TAILS_PER_ORG_MAX = 20;
/** Life of one live tail, in milliseconds; its reader comes again and is checked again. */
export const TAIL_LIFE_MS = 60 * 60 * 1000;
/** Pause between two signs of life of a tail, in milliseconds. */
export const TAIL_PING_INTERVAL_MS = 15_000;
/** What waits for one slow reader of a tail, in bytes; what is more is left out and counted. */
export const TAIL_QUEUE_BYTES_MAX = 1024 * 1024;
/** Executions of one delivery that tails look at; what is more is left out and counted. */
export const TAIL_RECORDS_PER_APPEND_MAX = 500;
/** Executions a log with a tail remembers, to tell their late console lines from unknown ones. */
export const TAIL_RECENT_EXECUTIONS_MAX = 2_000;
/** Longest text to search executions for, in characters. */
export const SEARCH_TEXT_LENGTH_MAX = 200;
/** One console line, in characters. */
export const LOG_LINE_LENGTH_MAX = 4_096;
/** Records an edge holds before the log takes them; more are counted and dropped. */
export const LOG_BUFFER_RECORDS_MAX = 20_000;
/** Text that an edge holds for the log, in characters; at two bytes each one call still carries it. */
export const LOG_BUFFER_LENGTH_MAX = 8 * 1024 * 1024;
/** Pause between two deliveries of the log, in milliseconds. */
export const LOG_FLUSH_INTERVAL_MS = 100;
/** Executions kept per org: age in milliseconds. */
export const LOG_RETENTION_MS = 7 * 24 * 60 * 60 * 1000;
/** Steps in which a log wakes to remove what is too old, in milliseconds. */
export const LOG_RETENTION_STEP_MS = 60 * 60 * 1000;
/** Executions kept per org: bytes of stored records. */
export const LOG_RETENTION_BYTES = 64 * 1024 * 1024;
/** How long an edge remembers what an org used that uses nothing any more, in milliseconds. */
export const USAGE_IDLE_MS = 60 * 60 * 1000;
/** Pause between two reports of the processor time that one isolate used, in milliseconds, and what is not worth one. */
export const CPU_REPORT_INTERVAL_MS = 100;
export const CPU_REPORT_MS_MIN = 1;
/** How long the object of an org keeps its usage by hour, in milliseconds; the database keeps it for ever. */
export const USAGE_HOURS_KEPT_MS = 45 * 24 * 60 * 60 * 1000;
/** How long it remembers the last batch of a process that counted, in milliseconds, and of how many; the oldest go first. */
export const USAGE_SOURCES_KEPT_MS = 24 * 60 * 60 * 1000;
export const USAGE_SOURCES_MAX = 1_000;
/** Usage of the last so many milliseconds is read from the org's object; what is older is in the database for sure. */
export const USAGE_RECENT_MS = 48 * 60 * 60 * 1000;
/** Longest stretch of usage that one question covers, in milliseconds: by hour, and by day or month. */
export const USAGE_BY_HOUR_MS_MAX = 32 * 24 * 60 * 60 * 1000;
export const USAGE_BY_DAY_MS_MAX = 5 * 366 * 24 * 60 * 60 * 1000;
/** How long after its end an hour is copied to the database, in milliseconds; what comes later is copied with the next. */
export const USAGE_SETTLED_MS = 60_000;
/** Orgs whose usage one scheduled pass copies, and how many of them at once. */
export const USAGE_ORGS_PER_PASS = 500;
export const USAGE_ORGS_AT_ONCE = 20;
/** How long one such pass goes on before it leaves the rest to the next, in milliseconds. */
export const USAGE_PASS_MS = 20_000;
/** A collection tells its org of its size when that moved by so many bytes, or by this share of it. */
export const STORAGE_STEP_BYTES = 1024 * 1024;
export const STORAGE_STEP_SHARE = 0.05;
/** Bytes written and removed after which it looks at its size. */
export const STORAGE_LOOK_BYTES = 256 * 1024;
/** Collections of one org that are asked for their sizes at once. */
export const STORAGE_ASKED_AT_ONCE = 16;
/** How long an edge trusts a projection without asking again, in milliseconds. */
export const PROJECTION_FRESH_MS = 1_000;
/** The same at the edge that stands in for others, which nobody tells of a change. */
export const PROJECTION_FRESH_AT_RELIEF_MS = 50;
/** How long an unknown host stays unknown, in milliseconds (T1). */
export const NEGATIVE_FRESH_MS = 1_000;
/** Hosts an edge remembers at once. */
export const HOST_CACHE_ENTRIES_MAX = 10_000;
/** Longest name of a collection, queue, topic, lock or counter, in characters. */
export const RESOURCE_NAME_LENGTH_MAX = 64;
/** Collections of one org, of each kind. */
export const COLLECTIONS_PER_ORG_MAX = 1_000;
/** Names that collections of one kind have ever had in one org, dropped ones too. */
export const COLLECTION_NAMES_PER_ORG_MAX = 10_000;
/** Storage of one collection, in bytes; writes that make it grow are refused beyond it. */
export const COLLECTION_BYTES_MAX = 1024 * 1024 * 1024;
/** Storage from which a collection is said to be getting big, in bytes. */
export const COLLECTION_BYTES_WARN = 768 * 1024 * 1024;
/** Longest kv key and longest id of a document, in bytes of UTF-8. */
export const KV_KEY_BYTES_MAX = 512;
/** One kv value or document, in bytes of JSON. */
export const VALUE_BYTES_MAX = 256 * 1024;
/** Arrays and objects inside one another in a value. */
export const VALUE_DEPTH_MAX = 64;
/** Keys or documents that one call reads or writes. */
export const DATA_BATCH_MAX = 1_000;
/** All values that one call reads or writes, in bytes. */
export const DATA_BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** Keys or documents on one page for a script or the API. */
export const DATA_PAGE_MAX = 1_000;
/** A cursor into data, in characters: it may hold a key or the values that a document is sorted by. */
export const CURSOR_LENGTH_MAX = 8 * 1024;
/** Least and longest life of a key that expires, in milliseconds. */
export const TTL_MS_MIN = 1_000;
export const TTL_MS_MAX = 10 * 365 * 24 * 60 * 60 * 1000;
/** Expired keys removed in one go. */
export const EXPIRE_BATCH_MAX = 500;
/** Documents that one find or count looks at before it gives back what it has. */
export const DOCS_EXAMINED_MAX = 10_000;
/** Documents of a collection that can be sorted by a field without an index. */
export const DOCS_SORTED_MAX = 10_000;
/** Documents that one find or count reads, in bytes, before it gives back what it has. */
export const DOCS_EXAMINED_BYTES_MAX = 16 * 1024 * 1024;
/** Documents that one call writes, as they were and as they are then, in bytes. */
export const DOCS_WRITTEN_BYTES_MAX = 24 * 1024 * 1024;
/** Of one field, in bytes: what documents are sorted by, and what can be unique. Longer texts are told apart by their ids. */
export const SORTED_FIELD_BYTES_MAX = 512;
/** Documents of a collection, and their bytes, that an index can still be made for. */
export const INDEXED_DOCS_MAX = 200_000;
export const INDEXED_BYTES_MAX = 256 * 1024 * 1024;
/** Documents whose entries are sorted and added at a time while an index is made. */
export const INDEX_BUILD_STEP_DOCS = 10_000;
/** Documents of an index that are counted to find out whether it is worth its while. */
export const INDEX_ESTIMATE_MAX = 1_000;
/** Indexes of one collection, and fields of one index. */
export const INDEXES_PER_COLLECTION_MAX = 20;
export const INDEX_FIELDS_MAX = 4;
/** A filter, in characters of JSON; its operators; and how deep they may stand in one another. */
export const FILTER_LENGTH_MAX = 16 * 1024;
export const FILTER_OPERATORS_MAX = 100;
export const FILTER_DEPTH_MAX = 8;
/** Values of one `$in`. */
export const FILTER_IN_MAX = 200;
/** Filter of a trigger, in characters of JSON. */
export const TRIGGER_FILTER_LENGTH_MAX = 4 * 1024;
/** Dotted path of a field, in characters and in steps. */
export const FIELD_PATH_LENGTH_MAX = 256;
export const FIELD_PATH_STEPS_MAX = 16;
/** Life of a lock that is not prolonged, in milliseconds. */
export const LOCK_TTL_MS_MIN = 100;
export const LOCK_TTL_MS_MAX = 15 * 60 * 1000;
/** How long one call waits for a lock, and its pauses between two looks, in milliseconds. */
export const LOCK_WAIT_MS_MAX = 30_000;
export const LOCK_POLL_MS_MIN = 10;
export const LOCK_POLL_MS_MAX = 200;
/** Calls of one org that wait for locks at once on one edge. */
export const LOCK_WAITS_MAX = 50;
/** Locks and counters of one org, of each kind. */
export const TOOLS_PER_ORG_MAX = 10_000;
/** SQL statements of one call, characters of one, and parameters of one. */
export const SQL_STATEMENTS_MAX = 100;
export const SQL_TEXT_LENGTH_MAX = 16 * 1024;
export const SQL_PARAMETERS_MAX = 100;
/** Rows and bytes that one SQL statement answers. */
export const SQL_ROWS_MAX = 1_000;
export const SQL_RESULT_BYTES_MAX = 4 * 1024 * 1024;
/** Rows that one SQL statement may have to look at, as its plan says. */
export const SQL_ROWS_EXAMINED_MAX = 200_000;
/** What the statements of one call may take together, in steps of about a nanosecond, as their plans say. */
export const SQL_STEPS_MAX = 250_000_000;
/** SELECTs in one SQL statement, and readings of common table expressions by one another, written out. */
export const SQL_SELECTS_MAX = 16;
export const SQL_REFERENCES_MAX = 64;
/** Brackets inside one another in an SQL statement. */
export const SQL_DEPTH_MAX = 100;
/** Words and signs of one SQL statement once its inner queries are written out. */
export const SQL_EXPANDED_TOKENS_MAX = 20_000;
/** Rows of one table of an org's own SQLite, and its values, which are rows by columns. */
export const SQL_TABLE_ROWS_MAX = 100_000;
export const SQL_TABLE_VALUES_MAX = 1_000_000;
/** Tables and indexes of an org's own SQLite. */
export const SQL_OBJECTS_MAX = 200;
/** One value of an SQL statement, in bytes of UTF-8. */
export const SQL_VALUE_BYTES_MAX = 64 * 1024;
/** Storage of an org's own SQLite, in bytes. */
export const SQL_BYTES_MAX = 256 * 1024 * 1024;
/** What `cache` of the module "isola" keeps in one isolate: entries, and characters of keys and JSON together. */
export const SCRIPT_CACHE_ENTRIES_MAX = 1_000;
export const SCRIPT_CACHE_LENGTH_MAX = 4 * 1024 * 1024;
/** Longest name of a secret, in characters, and longest value, in bytes. */
export const SECRET_NAME_LENGTH_MAX = 64;
export const SECRET_VALUE_BYTES_MAX = 32 * 1024;
/** Secrets of one org, those of single scripts too. */
export const SECRETS_PER_ORG_MAX = 500;
/** How long an edge goes on with a secret's value before it asks again, in milliseconds. */
export const SECRET_FRESH_MS = 1_000;
/** Triggers of one org. */
export const TRIGGERS_PER_ORG_MAX = 500;
/** Longest cron expression, in characters. */
export const CRON_EXPRESSION_LENGTH_MAX = 100;
/** Longest delay that chance may add to a scheduled run, in milliseconds. */
export const CRON_JITTER_MS_MAX = 60 * 60 * 1000;
/** How long before a schedule is due its object wakes at most, in milliseconds. */
export const CRON_HEAD_START_MS = 800;
/** Time that edges have to look up an org before a scheduled run of it, in milliseconds. */
export const WARM_MS = 1_000;
/** Due times shown of a schedule in advance. */
export const CRON_PREVIEW_MAX = 20;
/** Years in which a schedule has to be due at all. */
export const CRON_HORIZON_YEARS = 8;
/** Due times that were slept through which are counted of one schedule. */
export const CRON_MISSED_MAX = 1_000;
/** Due times that one pass works out before it lets others have their turn. */
export const CRON_STEPS_PER_PASS = 2_000;
/** Past due times kept of one schedule. */
export const CRON_HISTORY_MAX = 200;
/** How long they are kept of one that is disabled or gone, in milliseconds. */
export const CRON_HISTORY_KEPT_MS = 7 * 24 * 60 * 60 * 1000;
/** Events that may follow from one another (E4). */
export const EVENT_DEPTH_MAX = 8;
/** What one event carries, in bytes of JSON: a value before and after, and some words about them. */
export const EVENT_BYTES_MAX = 640 * 1024;
/** Changes of one collection whose events are still to be handed over; what would make more is refused. */
export const EVENTS_OUTBOX_MAX = 50_000;
/** Deliveries that a collection hands over at a time, and their data, in characters. */
export const EVENTS_HANDOVER_MAX = 200;
export const EVENTS_HANDOVER_LENGTH_MAX = 4 * 1024 * 1024;
/** First and longest pause before events that were not taken over are offered again, in milliseconds. */
export const EVENTS_RETRY_MS_MIN = 250;
export const EVENTS_RETRY_MS_MAX = 10_000;
/** When a collection looks whether its events were handed over, should it have been interrupted, in milliseconds. */
export const EVENTS_WATCH_MS = 1_000;
/** Steps in which a collection wakes to remove expired keys, in milliseconds; they cannot be read meanwhile. */
export const EXPIRE_STEP_MS = 250;
/** Steps in which locks that have ended are cleared away, in milliseconds. */
export const LOCKS_CLEARED_MS = 60_000;
/** Deliveries of one org that may wait, held ones too; what would make more is refused. */
export const DELIVERIES_WAITING_MAX = 100_000;
/** The events of all of them together, in characters of JSON. */
export const DELIVERIES_WAITING_LENGTH_MAX = 512 * 1024 * 1024;
/** Deliveries of one org under way at once. */
export const DELIVERIES_CONCURRENCY = 32;
/** The same of one trigger, so that a slow one leaves others their room. */
export const DELIVERIES_PER_TRIGGER_CONCURRENCY = 24;
/** Deliveries of one org that are held in memory because their turn is near, and their events, in characters. */
export const DELIVERIES_READY_MAX = 512;
export const DELIVERIES_READY_LENGTH_MAX = 16 * 1024 * 1024;
/** How long the results of deliveries gather to be written down together, in milliseconds. */
export const DELIVERIES_SETTLE_MS = 1;
/** Between two alarms that make sure that deliveries under way are not forgotten, in milliseconds. */
export const DELIVERIES_SAFETY_MS = 5_000;
/** Deliveries of one org that are kept after they ended, and for how long, in milliseconds. */
export const DELIVERIES_KEPT_MAX = 10_000;
export const DELIVERIES_KEPT_MS = 24 * 60 * 60 * 1000;
/** Event that an ended delivery keeps, in characters; of a longer one nothing is kept. */
export const DELIVERY_KEPT_LENGTH_MAX = 16 * 1024;
/** Ended deliveries after which the oldest are removed. */
export const DELIVERIES_TRIM_STEP = 500;
/** Steps in which a dispatcher wakes to remove what is too old, in milliseconds. */
export const DISPATCHER_RETENTION_STEP_MS = 60 * 60 * 1000;
/** How soon a delivery has to be due for its object to stay awake until then, in milliseconds. */
export const DELIVERIES_SOON_MS = 5_000;
/** How long after that the alarm looks whether it has left, in milliseconds. */
export const DELIVERIES_TIMER_GRACE_MS = 1_250;
/** Attempts of one delivery, and its age, in milliseconds. */
export const DELIVERY_ATTEMPTS_MAX = 100;
export const DELIVERY_AGE_MS_MAX = 7 * 24 * 60 * 60 * 1000;
/** Attempts of a delivery whose errors are kept. */
export const DELIVERY_HISTORY_MAX = 20;
/** Message of one of these errors, in characters. */
export const DELIVERY_ERROR_LENGTH_MAX = 1_000;
/** Pauses between attempts, in milliseconds. */
export const RETRY_DELAY_MS_MIN = 10;
export const RETRY_DELAY_MS_MAX = 24 * 60 * 60 * 1000;
/** Pause before a delivery that found no room is tried again, in milliseconds. */
export const SATURATED_PAUSE_MS = 250;
/** Longest such pause, after many that found none. */
export const SATURATED_PAUSE_MS_MAX = 4_000;
/** What a delivery may take beyond the script's own time before it counts as lost, in milliseconds. */
export const DELIVERY_MARGIN_MS = 5_000;
/** Dead letters kept per org, and for how long, in milliseconds; the oldest go first. */
export const DEAD_LETTERS_MAX = 10_000;
export const DEAD_LETTERS_KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** Their events together, in characters of JSON. */
export const DEAD_LETTERS_LENGTH_MAX = 256 * 1024 * 1024;
/** Dead letters that one call replays. */
export const DEAD_LETTERS_REPLAY_BATCH = 500;
/** Messages of one batch, and of one call that sends. */
export const QUEUE_BATCH_MAX = 100;
/** Batches of one queue that are under way at once. */
export const QUEUE_BATCHES_MAX = 4;
/** Messages that nobody took in time which are removed in one go, and queues that one list names. */
export const QUEUE_EXPIRE_BATCH = 500;
export const QUEUES_LISTED_MAX = 1_000;
/** How long a message may wait for company, and be delayed, in milliseconds. */
export const QUEUE_BATCH_WAIT_MS_MAX = 60_000;
export const QUEUE_DELAY_MS_MAX = 7 * 24 * 60 * 60 * 1000;
/** One message of a queue or topic, in bytes of JSON. */
export const MESSAGE_BYTES_MAX = 128 * 1024;
/** Messages of all queues of an org together, their bytes, and how long one is kept, in milliseconds. */
export const QUEUE_MESSAGES_MAX = 100_000;
export const QUEUE_BYTES_MAX = 512 * 1024 * 1024;
export const QUEUE_KEPT_MS = 7 * 24 * 60 * 60 * 1000;
/** Body of one inbound webhook, in bytes. */
export const WEBHOOK_BODY_BYTES_MAX = 256 * 1024;
/** Longest id of a webhook's message, in characters, and longest list of its signatures, in characters and signatures. */
export const WEBHOOK_ID_LENGTH_MAX = 256;
export const WEBHOOK_SIGNATURES_LENGTH_MAX = 4 * 1024;
export const WEBHOOK_SIGNATURES_MAX = 16;
/** Headers of a webhook that its script sees, in characters; what is more is left out. */
export const WEBHOOK_HEADERS_LENGTH_MAX = 16 * 1024;
/** How long a webhook's message id is remembered, in milliseconds, and how many of an org; the oldest go first. */
export const WEBHOOK_DEDUPE_MS = 24 * 60 * 60 * 1000;
export const WEBHOOK_REMEMBERED_MAX = 1_000_000;
/** How long a rotated signing secret goes on, in milliseconds. */
export const WEBHOOK_SECRET_OVERLAP_MS = 24 * 60 * 60 * 1000;
/** Signing secrets that one webhook has at once, rotated ones too; the oldest goes first. */
export const WEBHOOK_SECRETS_MAX = 10;
/** Body of a request whose answer nobody waits for, in bytes. */
export const ASYNC_BODY_BYTES_MAX = 256 * 1024;
/** Answer kept of such a run, in bytes, and how long, in milliseconds. */
export const ASYNC_RESULT_BYTES_MAX = 256 * 1024;
export const ASYNC_RESULT_KEPT_MS = 24 * 60 * 60 * 1000;
/** Such runs of one org that are kept after they ended, and their answers together, in characters; the oldest go first. */
export const ASYNC_RUNS_KEPT_MAX = 10_000;
export const ASYNC_RESULTS_LENGTH_MAX = 256 * 1024 * 1024;
/** Attempts of such a run when it fails through no fault of the script. */
export const ASYNC_ATTEMPTS_MAX = 5;
/** Calls of scripts that an edge makes to the state process together, and how many such at once, for one collection. */
export const STATE_CALLS_COMBINED_MAX = 64;
export const STATE_CALLS_IN_FLIGHT_MAX = 2;
/** Keys that such calls read together, and what they write together, in characters. */
export const STATE_KEYS_COMBINED_MAX = 64;
export const STATE_VALUES_COMBINED_LENGTH_MAX = 256 * 1024;
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
/** Largest piece of text or bytes in one row of an object, in bytes; Cloudflare refuses rows over 2 MB. */
export const ROW_CONTENT_BYTES_MAX = 1024 * 1024;
/** Attempts to deliver an outbox row before it waits for the next change of its org. */
export const OUTBOX_ATTEMPTS_MAX = 60;
/** First and longest pause between two attempts of an outbox row, in milliseconds. */
export const OUTBOX_RETRY_MS_MIN = 1_000;
export const OUTBOX_RETRY_MS_MAX = 10 * 60 * 1000;
/** Outbox rows delivered at once. */
export const OUTBOX_CONCURRENCY = 6;
/** Deadline of one delivery of an outbox row, in milliseconds. */
export const OUTBOX_DELIVERY_MS = 10_000;
/** Longest drain of an outbox before it leaves the rest to the alarm, in milliseconds. */
export const OUTBOX_DRAIN_MS = 20_000;
/** How long a change waits for its publication before it returns anyway, in milliseconds. */
export const PUBLICATION_WAIT_MS = 1_000;
/** How long the removal of an org waits for its end before it says that it goes on, in milliseconds. */
export const REMOVAL_WAIT_MS = 4_000;
/** How long an erased object remembers that it was, so that nothing late revives it, in milliseconds. */
export const TOMBSTONE_MS = 24 * 60 * 60 * 1000;
/** Pause before an alarm whose work failed is tried again, in milliseconds. */
export const ALARM_RETRY_MS = 5_000;
/** Text of one stored execution record, in characters; in a longer one each text is cut to the next bound. */
export const LOG_RECORD_LENGTH_MAX = 64 * 1024;
export const LOG_RECORD_TEXT_LENGTH_MAX = 8 * 1024;
/** Text in one row of the log, in characters; at three bytes each it is still a row that Cloudflare takes. */
export const LOG_ROW_LENGTH_MAX = 512 * 1024;
/** Between the first and the last execution of one stored segment of the log, in milliseconds. */
export const LOG_SEGMENT_SPAN_MS = 10_000;
/** Segments of the log looked at for one page. */
export const LOG_SEGMENTS_PER_PAGE_MAX = 2_000;
/** Segments of the log read for one page, in bytes. */
export const LOG_BYTES_READ_PER_PAGE_MAX = 4 * 1024 * 1024;
/** The same where their texts are searched, which takes longer than reading. */
export const LOG_BYTES_SEARCHED_PER_PAGE_MAX = 1024 * 1024;
/** One page of executions with their lines, in characters; a longer one is cut short. */
export const LOG_PAGE_LENGTH_MAX = 4 * 1024 * 1024;
/** Old segments removed by one append, at most; it keeps the cost of an append even. */
export const LOG_SEGMENTS_PRUNED_PER_APPEND = 64;
/** Reasons that one refused upload names. */
export const UPLOAD_ISSUES_MAX = 20;
/** One file of TypeScript or JSX, in characters: compiling takes some two hundred times the room; bundles are JavaScript. */
export const TYPESCRIPT_FILE_LENGTH_MAX = 256 * 1024;
/** Frames of one stack shown to a reader. */
export const STACK_LINES_MAX = 50;
/** One stack shown to a reader, in characters. */
export const STACK_LENGTH_MAX = 16 * 1024;
/** Age at which a claim to remove a dead process's lock on a data folder counts as abandoned, in milliseconds. */
export const DATA_LOCK_CLAIM_MS = 10_000;
/** How long a session of the embedded database waits for its turn, in milliseconds. */
export const DATABASE_WAIT_MS = 8_000;
/** How long a transaction may hold its locks, or the embedded database, without a word, in milliseconds. */
export const DATABASE_IDLE_IN_TRANSACTION_MS = 4_000;
/** Time a connection to the database gateway has to sign on, in milliseconds. */
export const DATABASE_SIGN_ON_MS = 5_000;
/** Connections the database gateway holds at once. */
export const DATABASE_CONNECTIONS_MAX = 256;
/** One message to the database gateway, in bytes. */
export const DATABASE_MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
/** Time a database at DATABASE_URL has to accept a connection, in milliseconds. */
export const DATABASE_CONNECT_MS = 4_000;
/** Connections to the database at DATABASE_URL that are signed on in advance. */
export const DATABASE_SPARE_CONNECTIONS = 2;
/** How long the embedded database may leave its keeper without an answer before it is replaced, in milliseconds. */
export const DATABASE_ANSWER_MS = 30_000;
/** Pause between two looks of the keeper at the embedded database, in milliseconds. */
export const DATABASE_BEAT_INTERVAL_MS = 2_000;
/** Longest pause before the embedded database is started again, in milliseconds. */
export const DATABASE_RESTART_MS_MAX = 5_000;
/** Time the embedded database has to close in good order, in milliseconds. */
export const DATABASE_CLOSE_MS = 3_000;
/** Pause between two checkpoints of the embedded database, in milliseconds. */
export const DATABASE_CHECKPOINT_INTERVAL_MS = 60_000;
/** Pause between two clean-ups of dead rows in the embedded database, in milliseconds. */
export const DATABASE_VACUUM_INTERVAL_MS = 60 * 60 * 1000;
/** How long a migration waits for another one to finish, in milliseconds. */
export const DATABASE_MIGRATE_WAIT_MS = 60_000;
/** Free space below which a failed start of the embedded database is put down to a full disk, in bytes. */
export const DATABASE_FREE_BYTES_MIN = 32 * 1024 * 1024;
/** Time one query of the control plane may take, in milliseconds. */
export const DATABASE_QUERY_MS = 10_000;
/** Wait for one edge to forget a slug, in milliseconds; an edge that is late learns of the change by itself. */
export const FORGET_MS = 100;
/** What a test invoke may take beyond the script's own time, in milliseconds. */
export const INVOKE_MARGIN_MS = 5_000;
/** How long a mutation holds its idempotency key when it never ends, in milliseconds. */
export const IDEMPOTENCY_LOCK_MS = 60_000;
/** Longest answer kept for an idempotency key, in characters. */
export const IDEMPOTENT_ANSWER_LENGTH_MAX = 256 * 1024;
/** How often a key's last use is written down at most, in milliseconds. */
export const KEY_USE_INTERVAL_MS = 60_000;
/** How much of a quota has to be used up before the org's owners are warned, in hundredths of it. */
export const QUOTA_WARNING_PERCENT = 80;
/** Pause between two looks whether an org comes near to its quotas, in milliseconds. */
export const QUOTA_WARNING_INTERVAL_MS = 10 * 60 * 1000;
/** Orgs that one pass looks at for that. */
export const QUOTA_WARNING_ORGS_PER_PASS = 50;
/** Owners of one org who are warned. */
export const QUOTA_WARNING_OWNERS_MAX = 20;
/** Attempts to sign in from one address in a window. */
export const SIGN_IN_ATTEMPTS_MAX = 20;
/** That window, in seconds. */
export const SIGN_IN_WINDOW_S = 60;
/** Attempts to sign in to one account, or from one address, in such a window that may even wait for their turn. */
export const SIGN_IN_AT_DOOR_MAX = 40;
/** Accounts and addresses told apart there. */
export const SIGN_IN_SUBJECTS_MAX = 20_000;
/** Sign-ins in a row that an account may have fail before each further one has to wait. */
export const ACCOUNT_FAILURES_MAX = 10;
/** The first such wait, which doubles with each further failure, in seconds. */
export const ACCOUNT_WAIT_S = 30;
/** Longest such wait, and how long failures are remembered, in seconds. */
export const ACCOUNT_WINDOW_S = 15 * 60;
/** Letters with the way to a new password that one account is sent in a window. */
export const PASSWORD_RESETS_MAX = 3;
/** That window, in seconds. */
export const PASSWORD_RESETS_WINDOW_S = 15 * 60;
/** Life of the way to a new password, in seconds. */
export const PASSWORD_RESET_TTL_S = 60 * 60;
/** Longest wait of a password for its turn to be hashed, in milliseconds; whoever would wait longer is turned away. */
export const PASSWORD_WAIT_MS_MAX = 20_000;
/** Time for other work between two passwords that are hashed, in milliseconds. */
export const PASSWORD_PAUSE_MS = 20;
/** Wrong codes in a row after which an account's second factor is locked. */
export const TWO_FACTOR_FAILURES_MAX = 5;
/** How long it is locked then, in seconds. */
export const TWO_FACTOR_LOCK_S = 15 * 60;
/** Time to bring the second factor after the password, in seconds. */
export const TWO_FACTOR_TTL_S = 10 * 60;
/** Tries of a second factor from one address in the window of sign-ins. */
export const TWO_FACTOR_ATTEMPTS_MAX = 20;
/** How long a code of a second factor that was used is remembered, so that it is good once, in seconds. */
export const TWO_FACTOR_CODE_TTL_S = 2 * 60;
/** Passkeys of one user. */
export const PASSKEYS_PER_USER_MAX = 20;
/** Sessions of one user; a further one ends the oldest. */
export const SESSIONS_PER_USER_MAX = 100;
/** Identity providers of one platform. */
export const OIDC_PROVIDERS_MAX = 20;
/** Time to come back from an identity provider, in seconds. */
export const OIDC_FLOW_TTL_S = 10 * 60;
/** Deadline of one call to an identity provider, in milliseconds, and its longest answer, in bytes. */
export const OIDC_CALL_MS = 5_000;
export const OIDC_ANSWER_BYTES_MAX = 256 * 1024;
/** SAML identity providers of one platform, and certificates that one may sign with. */
export const SAML_PROVIDERS_MAX = 20;
export const SAML_CERTIFICATES_MAX = 5;
/** Time to come back from a SAML provider, and from its answer to our own page, in seconds. */
export const SAML_FLOW_TTL_S = 10 * 60;
export const SAML_TICKET_TTL_S = 60;
/** Form that brings a SAML answer, in bytes; its XML is about three quarters of that. */
export const SAML_BODY_BYTES_MAX = 192 * 1024;
/** Elements and attributes of a SAML answer, and how deep its elements may nest. */
export const SAML_ELEMENTS_MAX = 2_000;
export const SAML_ATTRIBUTES_MAX = 4_000;
export const SAML_DEPTH_MAX = 32;
/** Prefixes of namespaces in a SAML answer, and the longest name of a namespace, in characters. */
export const SAML_PREFIXES_MAX = 32;
export const SAML_NAMESPACE_LENGTH_MAX = 300;
/** By how much the clocks of platform and SAML provider may differ, in seconds. */
export const SAML_CLOCK_SKEW_S = 60;
/** Shortest RSA key that a SAML answer may be signed with, in bits. */
export const SAML_RSA_BITS_MIN = 2_048;
/** Body of a request to sign in or out, in bytes. */
export const AUTH_BODY_BYTES_MAX = 16 * 1024;
/** Life of a session that nobody uses, in seconds. */
export const SESSION_TTL_S = 7 * 24 * 60 * 60;
/** How old a session's last renewal is when a use of it makes it last longer, in milliseconds. */
export const SESSION_RENEW_MS = 24 * 60 * 60 * 1000;
/** How often a session's last use is written down at most, in milliseconds. */
export const SESSION_SEEN_INTERVAL_MS = 5 * 60 * 1000;
/** Orgs that one scheduled pass finishes destroying. */
export const DESTROY_BATCH_MAX = 20;
/** Orgs that are destroyed at once, how long one pass waits for them, and how long who asked waits, in milliseconds. */
export const DESTROY_AT_ONCE = 5;
export const DESTROY_PASS_MS = 30_000;
export const DESTROY_WAIT_MS = 5_000;
/** How long an org's object may not know of its state or slug before the clock tells it, in milliseconds; how many in a pass, and at once. */
export const ORGS_UNTOLD_MS = 5_000;
export const ORGS_TOLD_PER_PASS = 200;
export const ORGS_TOLD_AT_ONCE = 8;
/** Versions whose source maps are read to show one page of executions. */
export const STACK_MAPS_PER_PAGE_MAX = 20;
/** Attempts to send one letter, before it counts as failed. */
export const MAIL_ATTEMPTS_MAX = 10;
/** Pause after the first failed attempt, in milliseconds; it doubles with each. */
export const MAIL_RETRY_MS = 30_000;
/** Longest such pause, in milliseconds. */
export const MAIL_RETRY_MS_MAX = 60 * 60 * 1000;
/** Time one attempt may take, in milliseconds. */
export const MAIL_SEND_MS = 10_000;
/** How long a letter is claimed by one attempt; after that it is due again, in milliseconds. */
export const MAIL_LEASE_MS = 60_000;
/** Letters that are tried at the same time. */
export const MAIL_BATCH_MAX = 5;
/** Time that one pass of the clock begins new attempts in, in milliseconds. */
export const MAIL_PASS_MS = 20_000;
/** What is kept of a provider's refusal, in characters. */
export const MAIL_ERROR_LENGTH_MAX = 500;
/** How long it is known that a letter was sent, and what the local mailbox holds, in milliseconds. */
export const MAIL_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;
/** Life of a hand-over of a person to a tenant's host, in seconds. */
export const HAND_OVER_TTL_S = 60;
/** Life of a person's session at a tenant's host, however much it is used, in seconds. */
export const TENANT_SESSION_TTL_S = 12 * 60 * 60;
/** How long a host believes such a session before it asks the control plane again, in seconds. */
export const TENANT_SESSION_FRESH_S = 5 * 60;
/** How much longer it does, and keeps to the signing keys that it knows, while the control plane is down, in seconds. */
export const TENANT_SESSION_STALE_S = 60 * 60;
/** How long a host leaves a control plane alone that could not answer for a session, in milliseconds. */
export const TENANT_SESSION_RETRY_MS = 10_000;
/** Deadline of one call of a host to the control plane for a person, in milliseconds. */
export const TENANT_SESSION_CALL_MS = 5_000;
/** By how much the clocks of the control plane and of an edge may differ, in seconds. */
export const TOKEN_LEEWAY_S = 5;
/** Longest hand-over or session, in characters; browsers keep cookies of 4,096 bytes. */
export const PERSON_TOKEN_LENGTH_MAX = 3_800;
/** Name of a person in it, in characters; a longer one is cut. */
export const PERSON_NAME_LENGTH_MAX = 100;
/** Sessions of people that one edge remembers as checked. */
export const PERSONS_REMEMBERED_MAX = 5_000;
/** Path to send a browser to after it has signed in, in characters. */
export const RETURN_PATH_LENGTH_MAX = 2_000;
/** How long an edge keeps to the signing keys that it knows, in milliseconds. */
export const SIGNING_KEYS_FRESH_MS = 60_000;
/** Pause between two looks of an edge for a signing key that it does not know, in milliseconds. */
export const SIGNING_KEYS_MISS_MS = 5_000;
/** Requests of one edge that look for signing keys at once. */
export const SIGNING_KEYS_ASKING_MAX = 8;
/** How long a signing key signs, in milliseconds. */
export const SIGNING_KEY_ACTIVE_MS = 30 * 24 * 60 * 60 * 1000;
/** How long it is published before it signs, in milliseconds. */
export const SIGNING_KEY_AHEAD_MS = 24 * 60 * 60 * 1000;
/** How long strangers may keep the published set of signing keys, in seconds. */
export const SIGNING_KEYS_CACHE_S = 5 * 60;
/** One text in an entry of the audit log, and the name of what was acted on, in characters; a longer one is cut. */
export const AUDIT_TEXT_LENGTH_MAX = 1_000;
export const AUDIT_TARGET_LENGTH_MAX = 600;
/** What an entry says of a change, in characters of JSON; of a longer one only its length is kept. */
export const AUDIT_DETAILS_LENGTH_MAX = 32 * 1024;
/** Levels of objects within each other that it has. */
export const AUDIT_DEPTH_MAX = 12;
/** Entries and chains that one call verifies, and entries that are read at a time. */
export const AUDIT_VERIFIED_MAX = 5_000;
export const AUDIT_CHAINS_VERIFIED_MAX = 200;
export const AUDIT_VERIFY_PAGE = 500;
/** Entries of one export, and those that are read at a time. */
export const AUDIT_EXPORTED_MAX = 100_000;
export const AUDIT_EXPORT_PAGE = 500;
/** Plans that a platform offers. */
export const PLANS_MAX = 100;
/** Orgs that are told of new quotas at once. */
export const QUOTAS_PUBLISH_CONCURRENCY = 8;
/** How long a change of a plan waits for that before it returns anyway, in milliseconds. */
export const QUOTAS_PUBLISH_WAIT_MS = 1_000;
/** How long one pass goes on telling orgs of their new quotas, in milliseconds. */
export const QUOTAS_PUBLISH_MS = 20_000;
/** One price, in millionths of its currency's unit. */
export const PRICE_MICROS_MAX = 1_000_000_000_000;
/** An org's budget for a month, in millionths of its currency's unit. */
export const BUDGET_MICROS_MAX = 9_000_000_000_000_000;
/** Warnings of one budget in a month, and the highest that one can be set to, in hundredths of the budget. */
export const BUDGET_WARNINGS_MAX = 10;
export const BUDGET_WARNING_PERCENT_MAX = 1_000;
/** Calls of the API in a minute, which may all come at once, for each isolate of the control plane: about one org, */
export const API_CALLS_PER_MINUTE_OF_ORG = 6_000;
/** by one principal about what is no org's of theirs, */
export const API_CALLS_PER_MINUTE_OF_PRINCIPAL = 6_000;
/** from one address without credentials or with bad ones, of each kind, */
export const API_CALLS_PER_MINUTE_OF_ADDRESS = 600;
/** and the same from everywhere together, where nobody can tell addresses. */
export const API_CALLS_PER_MINUTE_OF_STRANGERS = 6_000;
/** Callers of each kind whose calls an isolate counts apart; those beyond are counted as one. */
export const API_CALLERS_COUNTED_MAX = 20_000;
/** Requests in a minute for hosts that are no org's, which may all come at once, at each edge: from one address, */
export const UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS = 120;
/** and from everywhere together, where nobody can tell addresses. */
export const UNKNOWN_HOSTS_PER_MINUTE = 1_200;
/** Addresses whose requests for such hosts an edge counts apart; those beyond are counted as one. */
export const UNKNOWN_HOSTS_ADDRESSES_MAX = 20_000;
/** How long an edge goes by what it heard of an org's requests at other edges, in milliseconds. */
export const OTHER_EDGES_FRESH_MS = 2_000;
/** Most that an API key's own rate can be, in requests a minute. */
export const KEY_REQUESTS_PER_MINUTE_MAX = 1_000_000;
/** API keys of one partner: it may have one for each of its orgs. */
export const KEYS_PER_PARTNER_MAX = 10_000;
/** Life of an invitation's link, in milliseconds. */
export const INVITATION_TTL_MS = 7 * 24 * 60 * 60 * 1000;
/** How long an invitation that is over is kept, so that its link can say so, in milliseconds. */
export const INVITATION_KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** Invitations of one org that wait at once. */
export const INVITATIONS_PER_ORG_MAX = 500;
/** The time that the next three bounds are for, in milliseconds. */
export const INVITATION_WINDOW_MS = 60 * 60 * 1000;
/** Invitations that one org sends, those sent again too. */
export const INVITATIONS_PER_ORG_IN_WINDOW = 100;
/** Invitations that one address is sent by one org, or by the platform; and letters that bring it an account it asked for. */
export const INVITATIONS_PER_ADDRESS_IN_WINDOW = 5;
/** Accounts that are asked for on a platform that is open to anybody. */
export const SIGN_UPS_IN_WINDOW = 500;
/** Orgs that are shown with a person. */
export const ORGS_SHOWN_OF_USER_MAX = 100;
/** Shortest and longest password, in characters. */
export const PASSWORD_LENGTH_MIN = 12;
export const PASSWORD_LENGTH_MAX = 200;
/** Letters that the local mailbox shows, newest first. */
export const MAILBOX_LETTERS_MAX = 100;
/** Text that is drawn as a QR code, in characters. */
export const QR_TEXT_LENGTH_MAX = 500;

/** Variables that a machine is given, and the length of one, in characters. */
export const MACHINE_ENV_ENTRIES_MAX = 50;
export const MACHINE_ENV_LENGTH_MAX = 4_096;
/** Regions that are tried for one machine. */
export const MACHINE_REGIONS_MAX = 5;
/** Time in which an org has its machine, in milliseconds; after it everything that was made is taken down. */
export const PROVISION_MS = 10 * 60 * 1000;
/** How long an attempt of a step may be silent before another run takes the provision over, in milliseconds. */
export const PROVISION_LEASE_MS = 45_000;
/** Times that one step of a provision is tried while its provider is in trouble, and the pauses between them, in milliseconds. */
export const PROVISION_TRIES_MAX = 6;
export const PROVISION_PAUSE_MIN_MS = 500;
export const PROVISION_PAUSE_MAX_MS = 10_000;
/** Times that a machine which its provider has lost is made again in one provision. */
export const PROVISION_RECREATIONS_MAX = 2;
/** Pauses between two looks at a machine that is coming up, in milliseconds: the first, and the longest. */
export const MACHINE_LOOK_MIN_MS = 50;
export const MACHINE_LOOK_MAX_MS = 5_000;
/** How long a machine that was started may still be seen stopped, in milliseconds; then it has ended by itself. */
export const MACHINE_UNSTARTED_MS = 5_000;
/** Provisions of one org that are kept to look at, newest first. */
export const PROVISIONS_KEPT_MAX = 5;
/** Pause between two looks at a provision that somebody follows, in milliseconds. */
export const PROGRESS_LOOK_MS = 250;
/** Pause between two looks whether who follows it still may, in milliseconds. */
export const PROGRESS_RIGHTS_MS = 2_000;
/** How long a machine may be `starting` or `stopping` before the provider is asked what became of it, in milliseconds. */
export const MACHINE_TRANSITION_MS = 5 * 60 * 1000;
/** One call to a provider, in milliseconds. */
export const PROVIDER_CALL_MS = 20_000;
/** A pause that a provider asks for and a call waits by itself, in milliseconds; for a longer one its caller comes again. */
export const PROVIDER_MOMENT_MS = 2_000;
/** Answer of a provider that is read, in bytes. */
export const PROVIDER_ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** What a provider says of its refusal that is handed on, in characters. */
export const PROVIDER_WORDS_LENGTH_MAX = 300;
/** Time in which the Docker Engine has fetched an image, in milliseconds, and the end of its progress that is read, in bytes. */
export const IMAGE_PULL_MS = 5 * 60 * 1000;
export const IMAGE_PULL_TAIL_BYTES = 64 * 1024;
/** How long a container has to end in good order before it is killed, in seconds. */
export const CONTAINER_STOP_S = 10;
/** Processes of one container. */
export const CONTAINER_PROCESSES_MAX = 512;
/** Pause between two calls about one machine that a provider asks for, and the longest that a call waits for its turn, in milliseconds. */
export const MACHINE_CALL_PAUSE_MS = 1_000;
export const MACHINE_CALL_WAIT_MS = 10_000;
/** Machines whose calls an isolate spaces apart from each other. */
export const MACHINES_PACED_MAX = 10_000;
/** Life of a lease on a machine at Fly.io, in seconds, and how long another's is waited for, in milliseconds: longer than one of ours that was left behind. */
export const FLY_LEASE_S = 12;
export const FLY_LEASE_WAIT_MS = 15_000;
/** How long Fly.io is asked to hold an answer until a machine is where it is going, in seconds. */
export const FLY_WAIT_S = 5;
/** How long it is asked again whether what was removed is gone, and the pause between, in milliseconds. */
export const FLY_CONFIRM_MS = 15_000;
export const FLY_CONFIRM_PAUSE_MS = 1_000;
/** Time that a program at Fly.io has to end before it is killed, in seconds. */
export const FLY_STOP_S = 30;
/** How often Fly.io starts a program again that ended with a failure. */
export const FLY_RESTARTS_MAX = 3;
/** Apps at Fly.io that are looked into at once for a listing. */
export const FLY_LIST_CONCURRENCY = 4;
/** Time in which an org has its own database, in milliseconds; after it the attempt has failed. */
export const DATABASE_CREATE_MS = 10 * 60 * 1000;
/** How long one pass waits for a database's provider, and the pause between two looks, in milliseconds. */
export const TENANT_DATABASE_WAIT_MS = 15_000;
export const DATABASE_LOOK_PAUSE_MS = 500;
/** How long nobody else goes on with a database that somebody works on, in milliseconds: longer than a pass takes. */
export const DATABASE_LEASE_MS = 3 * 60 * 1000;
/** Databases that one pass of the clock goes on with. */
export const DATABASES_PER_PASS = 20;
/** Log lines of a machine that are shown, and kept with a failure. */
export const MACHINE_LOG_LINES_MAX = 200;
export const MACHINE_FAILURE_LINES_MAX = 20;
/** Pause between two heartbeats that a machine is asked for, in seconds, and the silence after which it is unhealthy, in milliseconds. */
export const MACHINE_HEARTBEAT_S = 30;
export const MACHINE_SILENCE_MS = 90_000;
/** Probes in a row that must fail before a machine is unhealthy, and the time each has, in milliseconds. */
export const MACHINE_PROBES_MAX = 3;
export const MACHINE_PROBE_MS = 5_000;
/** Machines that are looked after at once, and in one pass of the clock. */
export const MACHINES_AT_ONCE = 10;
export const MACHINES_PER_PASS = 500;
/** How long one pass of the clock goes on looking after machines, in milliseconds. */
export const MACHINES_PASS_MS = 20_000;
/** How long who asked to start or stop a machine follows what becomes of it before the clock does, in milliseconds. */
export const MACHINE_FOLLOW_MS = 25_000;
/** By how much the time of a machine's call-back may differ from now, in milliseconds. */
export const CALL_BACK_TOLERANCE_MS = 5 * 60 * 1000;
/** Call-backs of one machine in a minute. */
export const CALL_BACKS_PER_MINUTE = 60;
/** Pause between two heartbeats of one machine that are written down where they say the same, in milliseconds. */
export const HEARTBEAT_WRITE_MS = 5_000;
/** How long a token by which a machine registers itself is good, in milliseconds. */
export const ENROLMENT_TTL_MS = 60 * 60 * 1000;
/** How long whoever asks for such a token waits for a machine that is only being made, and how often is looked, in milliseconds. */
export const ENROLMENT_WAIT_MS = 10_000;
export const ENROLMENT_LOOK_MS = 100;
/** How long something of a provider without an owner is left alone, in milliseconds. */
export const ORPHAN_GRACE_MS = 30 * 60 * 1000;
/** Orphans that one sweep removes; more than that is reported and left, since it may be the directory that is wrong. */
export const ORPHANS_PER_SWEEP_MAX = 20;
/** How long after an org's last provision by a driver the clock still looks there for orphans, in milliseconds. */
export const ORPHAN_WATCH_MS = 24 * 60 * 60 * 1000;
/** How long a request is held for a machine that is being woken, in milliseconds. */
export const WAKE_HOLD_MS = 10_000;
/** Requests of one org that are held at once on one edge. */
export const WAKE_WAITERS_MAX = 100;
/** Time in which a machine begins its answer, in milliseconds. */
export const MACHINE_ANSWER_MS = 60_000;
/** WebSockets of one org's machine at once on one edge, and the silence after which one is closed, in milliseconds. */
export const MACHINE_SOCKETS_MAX = 1_000;
export const MACHINE_SOCKET_IDLE_MS = 10 * 60 * 1000;
/** Requests of one org that wait for the head of its machine's answer at once, on one edge. */
export const MACHINE_REQUESTS_MAX = 1_000;
/** Times that a request may come back to the platform from machines that pass it on. */
export const MACHINE_HOPS_MAX = 3;
/** Pause that who waits for a machine is asked to make, in seconds; the page makes it by itself. */
export const WAITING_PAUSE_S = 2;
/** How long an edge goes by what it heard of a machine's way up, and how long it waits to hear it, in milliseconds. */
export const PROGRESS_FRESH_MS = 500;
export const PROGRESS_CALL_MS = 300;
/** Pause between two questions whether a machine that is being woken is up, in milliseconds. */
export const WAKE_ASK_MS = 1_000;
/** Labels in front of a claimed name that an edge looks for by itself; beyond them the directory is asked. */
export const DOMAIN_WILDCARDS_LOOKED_UP = 4;
/** Domains of one org. */
export const DOMAINS_PER_ORG_MAX = 50;
/** How long a claim may stay unproven, in milliseconds. */
export const DOMAIN_CLAIM_MS = 48 * 60 * 60 * 1000;
/** One question to the DNS, in milliseconds, and the longest answer that is read, in characters. */
export const DNS_LOOK_UP_MS = 5_000;
export const DNS_ANSWER_BYTES_MAX = 64 * 1024;
/** Pause between two looks at one domain that people ask for, in milliseconds. */
export const DOMAIN_CHECK_PAUSE_MS = 5_000;
/** How long a claim is looked at every minute, and how often after that, in milliseconds. */
export const DOMAIN_CHECK_EAGER_MS = 30 * 60 * 1000;
export const DOMAIN_CHECK_LATER_MS = 15 * 60 * 1000;
/** How long after its proof a domain is published again by the clock, in milliseconds. */
export const DOMAIN_PUBLISH_AGAIN_MS = 10 * 60 * 1000;
/** Domains that one pass of the clock looks at, of each kind of work. */
export const DOMAINS_PER_PASS = 50;
/** Pause between two looks at a certificate that is not there yet, in milliseconds. */
export const CERTIFICATE_LOOK_PAUSE_MS = 60_000;
/** How long a slug that an org gave up leads to the one it has, in milliseconds (T2). */
export const SLUG_REDIRECT_MS = 30 * 24 * 60 * 60 * 1000;
/** Slugs that lead to one org at once. */
export const SLUG_REDIRECTS_PER_ORG_MAX = 10;
