import { SQL_ROWS_EXAMINED_MAX, SQL_STEPS_MAX } from "../../contracts/limits.ts";
import { tooMuchSql } from "./refusals.ts";

/** What the statements of one call may still take. */
export class Budget {
  #steps = SQL_STEPS_MAX;

  /** Whether so much is left; takes nothing. */
  allows(cost: { steps: number; examined: number }): boolean {
    return cost.examined <= SQL_ROWS_EXAMINED_MAX && cost.steps <= this.#steps;
  }

  /** Takes it, or throws `over_budget` with what to do about it. */
  take(cost: { steps: number; examined: number; unindexed: readonly string[] }): void {
    if (!this.allows(cost)) throw refusalOf(cost);
    this.#steps -= cost.steps;
  }
}

function refusalOf({
  steps,
  examined,
  unindexed,
}: {
  steps: number;
  examined: number;
  unindexed: readonly string[];
}): Error {
  const [name] = unindexed;
  const index =
    name === undefined
      ? "Narrow it by columns that have an index; LIMIT does not make it less"
      : `For each row of another table it looks through ${JSON.stringify(name)}: create an index of the columns that it is looked up by`;
  if (examined > SQL_ROWS_EXAMINED_MAX) {
    return tooMuchSql(
      `The statement may have to look at ${count(examined)} rows; ${count(SQL_ROWS_EXAMINED_MAX)} are the most. ${index}.`,
      { limit: SQL_ROWS_EXAMINED_MAX, usage: finite(examined) },
    );
  }
  return tooMuchSql(
    `The statements of this call may take too long, as their plans say. ${index}; look at fewer or shorter rows, or send fewer statements at once.`,
    { limit: SQL_STEPS_MAX, usage: finite(steps) },
  );
}

const finite = (value: number): number => Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER);
const count = (value: number): string => finite(value).toLocaleString("en");
