import { clean, type Paint } from "../framework/text.ts";
import { executionText, logLines } from "./execution-text.ts";
import type { Told } from "./tail.ts";

/** What a live tail tells, for reading. */
export class TailText {
  readonly #paint: Paint;
  /** The execution that stands last: lines of it need no name. */
  #lastId: string | null = null;

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** Text of one event, without the last newline. */
  of(told: Exclude<Told, { type: "interrupted" }>): string {
    if (told.type === "execution") {
      this.#lastId = told.execution.id;
      return executionText(told.execution, this.#paint);
    }
    if (told.type === "missed") {
      this.#lastId = null;
      return this.#paint("yellow", `… ${told.count} more ran than can be shown as they come; \`isola logs\` has them`);
    }
    const lines = logLines(told.lines, this.#paint);
    const named = this.#lastId !== told.executionId;
    this.#lastId = told.executionId;
    return [...(named ? [this.#paint("dim", `… ${told.executionId} goes on`)] : []), ...lines].join("\n");
  }

  /** What a person is told when the connection broke. */
  interruption(reason: string): string {
    return this.#paint("yellow", `${clean(reason)} Trying again.`);
  }
}
