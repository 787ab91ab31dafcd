/** What the platform gives to scripts: `import { … } from "isola"`. */
declare module "isola" {
  export interface InvokeOptions {
    /** `false` returns as soon as the other script has begun; nobody hears how it ends but the log. */
    wait?: boolean;
  }

  /**
   * Runs another endpoint script of the same org with `POST /` and the payload as JSON, in the time that this run has left.
   *
   * @param script name or id.
   * @param payload anything that JSON has.
   * @returns what the script answered: parsed where it is JSON, else as text.
   * @throws InvokeError when it is not there, fails, is too slow, or answers with a status other than 2xx.
   */
  export function invoke<Answer = unknown>(
    script: string,
    payload?: unknown,
    options?: { wait?: true },
  ): Promise<Answer>;
  export function invoke(script: string, payload: unknown, options: { wait: false }): Promise<{ executionId: string }>;

  /** Why an {@link invoke} came to nothing. */
  export class InvokeError extends Error {
    /** The platform's code, such as `not_found`, `script_error`, `timeout`, `over_budget`; `status` for an answer that is no 2xx. */
    readonly code: string;
    /** The HTTP status that was answered; 0 where there was no answer. */
    readonly status: number;
    /** The body of that answer. */
    readonly body: string;
  }
}
