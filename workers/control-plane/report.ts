import { describeFailure, withoutCredentials } from "../../contracts/redact.ts";

/** Prints a failure with the request it belongs to, for whoever runs the platform, and nothing that anybody sent. */
export function reportFailure(requestId: string, what: string, thrown: unknown): void {
  console.error(requestId, `${withoutCredentials(what)}:`, describeFailure(thrown));
}
