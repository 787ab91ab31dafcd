import { styleText } from "node:util";

const GAP = "  ";

/** Lays rows out in columns of equal width; the last column is left ragged. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, visibleWidth(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, index) =>
        index === row.length - 1 ? cell : cell + " ".repeat((widths[index] ?? 0) - visibleWidth(cell)),
      )
      .join(GAP)
      .trimEnd(),
  );
}

/** A table with a heading; `empty` when there is nothing to show. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return empty;
  return columns([heading.map((cell) => cell.toUpperCase()), ...rows.map((row) => row.map(oneLine))]).join("\n");
}

const visibleWidth = (text: string): number => Array.from(text).length;

// What a terminal would obey instead of show: control characters, line separators, marks that reverse text.
const OBEYED = /[[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]--[\n\t]]/gv;

/** Text of somebody else made safe to print: what a terminal would obey is written out as an escape. */
export function clean(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** {@link clean} for text that must stay on its line. */
export const oneLine = (text: string): string => clean(text).replaceAll("\n", "\\n").replaceAll("\t", " ");

/** Bytes in a unit that reads well. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** A time as `2026-11-21 10:54:03`, in the zone of the reader. */
export function formatTime(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
/** Colours a text, or leaves it alone where colours are not wanted. */
export type Paint = (style: Style, text: string) => string;

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a stream should get colours, by the terminal and by NO_COLOR. */
export const wantsColor = (isTerminal: boolean, env: Environment): boolean =>
  isTerminal && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";

/** Colours for one stream. */
export function paintFor(isTerminal: boolean, env: Environment): Paint {
  if (!wantsColor(isTerminal, env)) return (_, text) => text;
  return (style, text) => styleText(style, text, { validateStream: false });
}
