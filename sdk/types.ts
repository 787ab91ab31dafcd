/** What a plain-function script gets beside the request. */
export interface Context {
  /** What the route captured, decoded: `/hello/:name` gives `params.name`. */
  readonly params: Readonly<Record<string, string>>;
  /** Id of this run, as the log shows it. */
  readonly executionId: string;
  readonly script: {
    readonly name: string;
    /** Number of the version that runs. */
    readonly version: number;
  };
  /** What the script holds. */
  readonly env: Readonly<Record<string, unknown>>;
  /** Whoever is signed in to the app; null for nobody. */
  readonly user: null;
  /** The script that invoked this one, by `invoke`; null for a request from outside. */
  readonly caller: { readonly script: string; readonly executionId: string } | null;
  /** Keeps the run going after the response until the promise settles. */
  waitUntil(promise: Promise<unknown>): void;
}

/**
 * A script as a plain function. What it returns becomes the response: a `Response` as it is, a map
 * with `statusCode` as `{ statusCode, headers, body }`, anything else as JSON with status 200.
 */
export type Handler = (request: Request, context: Context) => unknown;
