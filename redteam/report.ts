import type { MatrixResult } from "./matrix/run.ts";
import type { Outcome } from "./run.ts";

/** The figures of one run, flat. */
export interface Summary {
  cases: number;
  contained: number;
  escaped: number;
  broken: number;
  seconds: number;
  /** Calls that were judged against the table of rights. */
  matrixCases: number;
  matrixWrong: number;
}

const WIDTHS = { class: 24, name: 52, expected: 66 };

/** One line of the table: class, attempt, expected, outcome; what got out follows on a line of its own. */
export function lineOf({ class: className, name, expected, outcome, detail }: Outcome): string {
  const cells = [cell(className, WIDTHS.class), cell(name, WIDTHS.name), cell(expected, WIDTHS.expected), outcome];
  return detail === "" ? cells.join("  ") : `${cells.join("  ")}\n    ${visible(detail)}`;
}

/** Adds up how the attempts ended. */
export function summaryOf(outcomes: readonly Outcome[], matrix: MatrixResult | null, durationMs: number): Summary {
  const count = (kind: Outcome["outcome"]): number => outcomes.filter(({ outcome }) => outcome === kind).length;
  return {
    cases: outcomes.length,
    contained: count("contained"),
    escaped: count("escaped"),
    broken: count("broken"),
    seconds: Math.round(durationMs / 100) / 10,
    matrixCases: matrix?.cases ?? 0,
    matrixWrong: matrix?.wrong.length ?? 0,
  };
}

/** The line of a matrix: its size, and how many answers were wrong. */
export const matrixLine = ({ endpoints, callers, cases, wrong }: MatrixResult): string =>
  `matrix  ${endpoints} endpoints × ${callers} callers, ${cases} cases, ${wrong.length} wrong`;

/** One answer of a matrix that was wrong. */
export const wrongLine = (wrong: string): string => `    ${visible(wrong)}`;

const cell = (text: string, width: number): string => {
  const shown = visible(text);
  return shown.length > width ? `${shown.slice(0, width - 1)}…` : shown.padEnd(width);
};

/** What a hostile script said may hold anything; a terminal must not obey it. */
const visible = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
